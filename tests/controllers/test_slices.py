"""EndpointSlices, as a function of the subsets."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.controllers.calls import Create, Delete, Patch
from kdasync.devcluster.controllers.slices import decide, slice_name

Document = dict[str, Any]
SERVICE: Document = {"metadata": {"name": "web", "namespace": "ns", "uid": "12345678"}}
SUBSET: Document = {
    "addresses": [{"ip": "10.0.0.1", "hostname": "a"}],
    "notReadyAddresses": [{"ip": "10.0.0.2"}],
    "ports": [{"port": 80}],
}


def made(*subsets: Document) -> dict[str, Document]:
    calls = decide(SERVICE, list(subsets), known={})
    bodies = [call.body for call in calls if isinstance(call, Create)]
    return {body["metadata"]["name"]: {**body, "metadata": {**body["metadata"], "uid": "s"}} for body in bodies}


def test_a_slice_has_ready_and_unready_endpoints_and_belongs_to_its_service() -> None:
    (found,) = made(SUBSET).values()
    assert [(each["addresses"], each["conditions"]["ready"]) for each in found["endpoints"]] == [
        (["10.0.0.1"], True),
        (["10.0.0.2"], False),
    ]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert found["metadata"]["ownerReferences"][0]["uid"] == "12345678"


def test_nothing_changed_is_no_call_and_a_change_is_a_patch() -> None:
    known = made(SUBSET)
    assert decide(SERVICE, [SUBSET], known=known) == []
    (call,) = decide(SERVICE, [], known=known)
    assert isinstance(call, Patch)
    assert call.body == {"endpoints": [], "ports": []}


def test_a_slice_too_many_goes() -> None:
    known = made(SUBSET, SUBSET)
    assert list(known) == [slice_name(SERVICE, 0), slice_name(SERVICE, 1)]
    (call,) = decide(SERVICE, [SUBSET], known=known)
    assert isinstance(call, Delete)
    assert call.key[1] == slice_name(SERVICE, 1)
