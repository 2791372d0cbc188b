"""What the garbage collector does about one object."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.controllers.calls import CONFIG_MAP, POD, Delete, Patch
from kdasync.devcluster.controllers.garbage import Item, decide

Document = dict[str, Any]


def owned(*owners: str, **meta: Any) -> Item:
    references = [{"uid": uid, "kind": "ConfigMap", "name": uid, "apiVersion": "v1", "blockOwnerDeletion": True} for uid in owners]
    return Item(POD, {"metadata": {"name": "d", "namespace": "ns", "uid": "d", "ownerReferences": references, **meta}})


def owner(uid: str, **meta: Any) -> Item:
    return Item(CONFIG_MAP, {"metadata": {"name": uid, "namespace": "ns", "uid": uid, **meta}})


def going(uid: str, finalizer: str) -> Item:
    return owner(uid, deletionTimestamp="now", finalizers=[finalizer])


def test_an_object_without_living_owner_goes() -> None:
    (call,) = decide(owned("a", "b"), alive=(), dependents=(), owners=())
    assert isinstance(call, Delete)
    assert (call.uid, call.propagation) == ("d", "Background")


def test_an_object_with_a_living_owner_stays() -> None:
    assert decide(owned("a"), alive=("a",), dependents=(), owners=(owner("a"),)) == []


def test_a_dangling_reference_beside_a_living_one_is_cut() -> None:
    (call,) = decide(owned("a", "b"), alive=("a",), dependents=(), owners=(owner("a"),))
    assert isinstance(call, Patch)
    assert [reference["uid"] for reference in call.body["metadata"]["ownerReferences"]] == ["a"]


def test_an_object_that_nobody_ever_owned_stays() -> None:
    assert decide(owned(), alive=(), dependents=(), owners=()) == []


def test_foreground_deletion_waits_for_blocking_dependents() -> None:
    parent = going("a", "foregroundDeletion")
    assert decide(parent, alive=(), dependents=(owned("a"),), owners=()) == []
    (call,) = decide(parent, alive=(), dependents=(), owners=())
    assert isinstance(call, Patch)
    assert call.body["metadata"]["finalizers"] is None


def test_foreground_deletion_reaches_the_dependents() -> None:
    (call,) = decide(owned("a"), alive=("a",), dependents=(), owners=(going("a", "foregroundDeletion"),))
    assert isinstance(call, Delete)
    assert call.propagation == "Foreground"


def test_orphaning_cuts_first_and_lets_go_afterwards() -> None:
    parent = going("a", "orphan")
    (cut,) = decide(parent, alive=(), dependents=(owned("a"),), owners=())
    assert isinstance(cut, Patch)
    assert (cut.key, cut.body["metadata"]["ownerReferences"]) == (("ns", "d"), None)
    (free,) = decide(parent, alive=(), dependents=(), owners=())
    assert isinstance(free, Patch)
    assert free.key == ("ns", "a")
