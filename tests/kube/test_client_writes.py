import json
from typing import Any

import pytest

from kdasync.errors import KdasyncError
from kdasync.kube.client import JSON_PATCH
from kdasync.kube.resource import CLUSTERS, PODS


class LeaseLostError(KdasyncError):
    pass


async def test_each_write_has_its_method_and_type(scripted: Any, make_client: Any, wire: Any) -> None:
    client = make_client(scripted)
    scripted.answers = [wire.answer(200, wire.pod("p", 1)) for _ in range(4)]
    await client.create(PODS, "ns", b"{}")
    await client.replace(PODS, "ns", "p", b"{}")
    await client.patch(CLUSTERS, "ns", "c", b"[]", content_type=JSON_PATCH, subresource="status")
    await client.apply(PODS, "ns", "p", b"{}", field_manager="kdasync")
    assert [(r.method, r.path.rsplit("/", 1)[1], r.headers["Content-Type"]) for _, r in scripted.asked] == [
        ("POST", "pods", "application/json"),
        ("PUT", "p", "application/json"),
        ("PATCH", "status", "application/json-patch+json"),
        ("PATCH", "p", "application/apply-patch+yaml"),
    ]
    assert scripted.queries[3] == {"fieldManager": "kdasync", "force": "true"}


async def test_a_delete_carries_its_preconditions(scripted: Any, make_client: Any, wire: Any) -> None:
    client = make_client(scripted)
    scripted.answers = [wire.answer(200, {"kind": "Status", "status": "Success"}), wire.answer(200, wire.pod("p", 1))]
    assert await client.delete(PODS, "ns", "p", uid="u", resource_version="4", propagation="Foreground") is None
    assert await client.delete(PODS, "ns", "p") is None
    bodies = [json.loads(request.body) for _, request in scripted.asked]
    assert bodies == [{"propagationPolicy": "Foreground", "preconditions": {"uid": "u", "resourceVersion": "4"}}, {}]


async def test_the_fence_stops_writes_and_lets_reads_pass(scripted: Any, make_client: Any, wire: Any) -> None:
    def fence() -> None:
        raise LeaseLostError

    client = make_client(scripted, before_send=fence)
    scripted.answers = [wire.answer(200, wire.pod("p", 1))]
    await client.get(PODS, "ns", "p")
    for write in (client.create(PODS, "ns", b"{}"), client.delete(PODS, "ns", "p")):
        with pytest.raises(LeaseLostError):
            await write
    assert len(scripted.asked) == 1


async def test_every_attempt_is_observed(scripted: Any, make_client: Any, wire: Any) -> None:
    seen: list[tuple[str, str, int]] = []
    client = make_client(scripted, observe=lambda verb, kind, code, _seconds: seen.append((verb, kind, code)))
    scripted.answers = [wire.answer(404, wire.status(404, "NotFound")), wire.answer(200, wire.pod("p", 1))]
    with pytest.raises(KdasyncError):
        await client.get(PODS, "ns", "p")
    await client.create(PODS, "ns", b"{}")
    assert seen == [("get", "Pod", 404), ("create", "Pod", 200)]
