"""What a live object needs: the owner reference, the type and the token; nothing else is touched."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kdasync.api.workloads import Service, StatefulSet
from kdasync.render.keys import AUTH_TOKEN
from kdasync.render.repair import is_owned, repair
from kdasync.render.service import headless_service, member_service
from kdasync.render.statefulset import statefulset


def live(body: dict[str, Any], kind: type = Service, **changes: Any) -> Any:
    decoded = msgspec.convert(body, kind)
    return msgspec.structs.replace(decoded, metadata=msgspec.structs.replace(decoded.metadata, **changes))


def test_what_we_made_needs_nothing(build: Any) -> None:
    view = build()
    member = member_service(view, 0, auth_token="t")  # noqa: S106
    headless = headless_service(view.cluster, view.app)
    created = statefulset(view, 1)
    assert repair(live(member.body), member, view.cluster) == {}
    assert repair(live(headless.body), headless, view.cluster) == {}
    assert repair(live(created.body, StatefulSet), created, view.cluster) == {}


def test_missing_owner(build: Any) -> None:
    view = build()
    desired = statefulset(view, 1)
    patch = repair(live(desired.body, StatefulSet, owner_references=[]), desired, view.cluster)
    assert patch == {"metadata": {"ownerReferences": desired.body["metadata"]["ownerReferences"]}}


@pytest.mark.parametrize("change", [{"uid": "other"}, {"controller": None}, {"controller": False}, {"name": "x"}, {"kind": "x"}])
def test_another_owner_is_none(build: Any, change: Any) -> None:
    view = build()
    found = live(statefulset(view, 1).body, StatefulSet)
    (reference,) = found.metadata.owner_references
    assert is_owned(found, view.cluster)
    wrong = live(statefulset(view, 1).body, StatefulSet, owner_references=[msgspec.structs.replace(reference, **change)])
    assert not is_owned(wrong, view.cluster)


def test_changed_type(build: Any) -> None:
    view = build(cluster={"serviceType": "NodePort"})
    found = live(member_service(build(cluster={"serviceType": "ClusterIP"}), 0).body)
    assert repair(found, member_service(view, 0), view.cluster) == {"spec": {"type": "NodePort"}}


def test_missing_token(build: Any) -> None:
    view = build()
    desired = member_service(view, 0, auth_token="t")  # noqa: S106
    assert repair(live(member_service(view, 0).body), desired, view.cluster) == {"metadata": {"annotations": {AUTH_TOKEN: "t"}}}


def test_foreign_annotations_stay(build: Any) -> None:
    view = build()
    desired = member_service(view, 0)
    assert repair(live(desired.body, annotations={"other": "x"}), desired, view.cluster) == {}
