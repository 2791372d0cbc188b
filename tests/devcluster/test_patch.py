"""All patch types, with what they refuse."""

from __future__ import annotations

from typing import Any

MAPS = "/api/v1/namespaces/default/configmaps"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


async def test_merge_patch(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}, "data": {"x": "1", "y": "2"}})
    answer = await api("PATCH", f"{MAPS}/a", {"data": {"x": None, "z": "3"}}, kind=MERGE)
    assert answer.json["data"] == {"y": "2", "z": "3"}


async def test_json_patch_with_test(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a", "annotations": {"x": "1"}}})
    good = [
        {"op": "test", "path": "/metadata/annotations/x", "value": "1"},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "2"},
    ]
    assert (await api("PATCH", f"{MAPS}/a", good, kind=JSON_PATCH)).json["metadata"]["annotations"] == {"x": "1", "a/b": "2"}
    answer = await api("PATCH", f"{MAPS}/a", [{"op": "test", "path": "/metadata/annotations/x", "value": "9"}], kind=JSON_PATCH)
    assert answer.status == 422
    assert answer.json["reason"] == "Invalid"
    assert answer.message == "the server rejected our request due to an error in our request"


async def test_json_patch_moves_copies_and_removes(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}, "data": {"x": "1"}})
    patch = [
        {"op": "copy", "from": "/data/x", "path": "/data/y"},
        {"op": "move", "from": "/data/x", "path": "/data/z"},
        {"op": "replace", "path": "/data/y", "value": "2"},
    ]
    assert (await api("PATCH", f"{MAPS}/a", patch, kind=JSON_PATCH)).json["data"] == {"y": "2", "z": "1"}
    answer = await api("PATCH", f"{MAPS}/a", [{"op": "remove", "path": "/data/none"}], kind=JSON_PATCH)
    assert answer.status == 422


async def test_strategic_merge_by_key_order_and_delete(api: Any) -> None:
    path = "/api/v1/namespaces/default/services"
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 2}]
    await api.made(path, {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    patch = {
        "spec": {
            "ports": [{"port": 2, "$patch": "delete"}, {"port": 3, "name": "c"}],
            "$setElementOrder/ports": [{"port": 3}, {"port": 1}],
        }
    }
    answer = await api("PATCH", f"{path}/s", patch, kind=STRATEGIC)
    assert [port["port"] for port in answer.json["spec"]["ports"]] == [3, 1]


async def test_custom_resources_refuse_a_strategic_patch(widgets: Any) -> None:
    await widgets.made(WIDGETS, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    answer = await widgets("PATCH", f"{WIDGETS}/w", {}, kind=STRATEGIC)
    assert answer.status == 415
    assert answer.json["reason"] == "UnsupportedMediaType"
    assert "application/merge-patch+json" in answer.message


async def test_a_patch_may_carry_a_resource_version(api: Any) -> None:
    made = await api.made(MAPS, {"metadata": {"name": "a"}})
    version = made["metadata"]["resourceVersion"]
    patch = {"metadata": {"resourceVersion": version}, "data": {"x": "1"}}
    assert (await api("PATCH", f"{MAPS}/a", patch, kind=MERGE)).status == 200
    assert (await api("PATCH", f"{MAPS}/a", patch, kind=MERGE)).status == 409


async def test_patch_of_status_leaves_spec(widgets: Any) -> None:
    await widgets.made(WIDGETS, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    patch = [{"op": "add", "path": "/status", "value": {"phase": "Up"}}, {"op": "replace", "path": "/spec/size", "value": 3}]
    answer = await widgets("PATCH", f"{WIDGETS}/w/status", patch, kind=JSON_PATCH)
    assert answer.json["status"] == {"phase": "Up"}
    assert answer.json["spec"]["size"] == 1
