"""The scale subresource."""

from __future__ import annotations

from typing import Any

PATH = "/apis/apps/v1/namespaces/default/statefulsets"


async def made(api: Any) -> Any:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"serviceName": "s", "replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    return await api.made(PATH, {"metadata": {"name": "s"}, "spec": spec})


async def test_read_and_change(api: Any) -> None:
    stored = await made(api)
    scale = (await api("GET", f"{PATH}/s/scale")).json
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 0, "selector": "a=b"}
    assert scale["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
    answer = await api("PATCH", f"{PATH}/s/scale", {"spec": {"replicas": 5}}, kind="application/merge-patch+json")
    assert answer.json["spec"] == {"replicas": 5}
    changed = (await api("GET", f"{PATH}/s")).json
    assert (changed["spec"]["replicas"], changed["metadata"]["generation"]) == (5, 2)


async def test_an_old_version_is_a_conflict(api: Any) -> None:
    await made(api)
    scale = (await api("GET", f"{PATH}/s/scale")).json
    scale["spec"]["replicas"] = 3
    assert (await api("PUT", f"{PATH}/s/scale", scale)).status == 200
    assert (await api("PUT", f"{PATH}/s/scale", {**scale, "spec": {"replicas": 4}})).status == 409


async def test_negative_replicas_are_refused(api: Any) -> None:
    await made(api)
    answer = await api("PATCH", f"{PATH}/s/scale", {"spec": {"replicas": -1}}, kind="application/merge-patch+json")
    assert answer.status == 422
    assert "spec.replicas: Invalid value: -1: must be greater than or equal to 0" in answer.message
