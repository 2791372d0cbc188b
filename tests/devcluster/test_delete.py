"""Deletes: preconditions, finalizers, propagation marks, grace, collections."""

from __future__ import annotations

from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
MERGE = "application/merge-patch+json"


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "app", "image": "guest:1"}], **spec}}


async def test_the_answer_is_a_status(api: Any) -> None:
    made = await api.made(MAPS, {"metadata": {"name": "a"}})
    answer = await api("DELETE", f"{MAPS}/a")
    assert answer.status == 200
    assert answer.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]},
    }
    answer = await api("DELETE", f"{MAPS}/a")
    assert (answer.status, answer.message) == (404, 'configmaps "a" not found')


async def test_preconditions(api: Any) -> None:
    made = await api.made(MAPS, {"metadata": {"name": "a"}})
    uid = made["metadata"]["uid"]
    answer = await api("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "other"}})
    assert answer.status == 409
    assert f"the UID in the precondition (other) does not match the UID in record ({uid})" in answer.message
    answer = await api("DELETE", f"{MAPS}/a", {"preconditions": {"resourceVersion": "1"}})
    assert answer.status == 409
    assert (await api("DELETE", f"{MAPS}/a", {"preconditions": {"uid": uid}})).status == 200


async def test_finalizers_hold_an_object_until_the_last_is_gone(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a", "finalizers": ["x/y"]}})
    answer = await api("DELETE", f"{MAPS}/a")
    assert answer.json["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    refused = await api("PATCH", f"{MAPS}/a", {"metadata": {"finalizers": ["x/y", "x/z"]}}, kind=MERGE)
    assert refused.status == 422
    assert "no new finalizers can be added if the object is being deleted" in refused.message
    assert (await api("PATCH", f"{MAPS}/a", {"metadata": {"finalizers": None}}, kind=MERGE)).status == 200
    assert (await api("GET", f"{MAPS}/a")).status == 404


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
async def test_propagation_becomes_a_finalizer(api: Any, policy: str, finalizer: str) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    answer = await api("DELETE", f"{MAPS}/a", {"propagationPolicy": policy})
    assert answer.json["metadata"]["finalizers"] == [finalizer]
    assert (await api("DELETE", f"{MAPS}/a", {"propagationPolicy": "Background"})).json["status"] == "Success"


async def test_an_unknown_policy_is_refused(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    answer = await api("DELETE", f"{MAPS}/a", {"propagationPolicy": "Sideways"})
    assert answer.status == 422
    assert 'propagationPolicy: Unsupported value: "Sideways"' in answer.message


async def test_pods_on_a_node_go_gracefully(api: Any) -> None:
    await api.made(PODS, pod(nodeName="n", terminationGracePeriodSeconds=20))
    meta = (await api("DELETE", f"{PODS}/p")).json["metadata"]
    assert (meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"]) == ("2026-01-01T00:00:20Z", 20)
    assert (await api("GET", f"{PODS}/p")).status == 200
    assert (await api("DELETE", f"{PODS}/p", {"gracePeriodSeconds": 0})).json["kind"] == "Pod"
    assert (await api("GET", f"{PODS}/p")).status == 404


async def test_pods_without_a_node_go_at_once(api: Any) -> None:
    await api.made(PODS, pod())
    await api("DELETE", f"{PODS}/p")
    assert (await api("GET", f"{PODS}/p")).status == 404


async def test_a_collection_is_deleted_by_selector(api: Any) -> None:
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        await api.made(MAPS, {"metadata": {"name": name, "labels": {"l": label}}})
    answer = await api("DELETE", MAPS, labelSelector="l=x")
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a", "c"]
    assert [item["metadata"]["name"] for item in (await api("GET", MAPS)).json["items"]] == ["b"]


async def test_dry_run_deletes_nothing(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    assert (await api("DELETE", f"{MAPS}/a", {"dryRun": ["All"]})).status == 200
    assert (await api("GET", f"{MAPS}/a")).status == 200
