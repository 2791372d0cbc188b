"""Binding and release of claims."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.controllers.calls import Create, Delete, Patch
from kdasync.devcluster.controllers.claims import PROTECTION, decide_claim, decide_volume, default_class

Document = dict[str, Any]
CLASSES = {("", "standard"): default_class()}


def claim(*, storage_class: str | None = None, **meta: Any) -> Document:
    spec: Document = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"metadata": {"name": "p", "namespace": "ns", "uid": "u", "finalizers": [PROTECTION], **meta}, "spec": spec}


def user(phase: str = "Running") -> Document:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "p"}}]
    return {"metadata": {"name": "pod", "namespace": "ns", "uid": "x"}, "spec": {"volumes": volumes}, "status": {"phase": phase}}


def test_a_claim_is_bound_to_a_volume_named_after_its_uid() -> None:
    volume, bind, *status = decide_claim(claim(), classes=CLASSES, pods=())
    assert isinstance(volume, Create)
    assert volume.body["metadata"]["name"] == "pvc-u"
    assert volume.body["spec"]["claimRef"]["uid"] == "u"
    assert isinstance(bind, Patch)
    assert bind.body["spec"] == {"volumeName": "pvc-u", "storageClassName": "standard"}
    assert isinstance(status[0], Patch)
    assert status[0].body["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}


def test_a_claim_of_an_unknown_class_stays_pending() -> None:
    assert decide_claim(claim(storage_class="gold"), classes=CLASSES, pods=()) == []


def test_without_a_default_class_a_claim_without_class_stays_pending() -> None:
    assert decide_claim(claim(), classes={}, pods=()) == []


def test_a_claim_in_use_is_protected() -> None:
    dying = claim(deletionTimestamp="now")
    assert decide_claim(dying, classes=CLASSES, pods=[user()]) == []
    (call,) = decide_claim(dying, classes=CLASSES, pods=[user("Succeeded")])
    assert isinstance(call, Patch)
    assert call.body["metadata"]["finalizers"] == []


def test_a_volume_goes_with_its_claim_only() -> None:
    reference = {"namespace": "ns", "name": "p", "uid": "u"}
    volume = {"metadata": {"name": "pvc-u", "uid": "v"}, "spec": {"claimRef": reference}}
    assert decide_volume(volume, claims={("ns", "p"): claim()}) == []
    assert isinstance(decide_volume(volume, claims={})[0], Delete)
    assert isinstance(decide_volume(volume, claims={("ns", "p"): claim(uid="another")})[0], Delete)
