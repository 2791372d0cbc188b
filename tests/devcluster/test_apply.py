"""Server-side apply: create, ownership, conflict, force, and giving fields up."""

from __future__ import annotations

from typing import Any

MAPS = "/api/v1/namespaces/default/configmaps"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


def config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


async def test_apply_creates_and_owns(api: Any) -> None:
    answer = await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="one")
    assert answer.status == 201
    (owner,) = answer.json["metadata"]["managedFields"]
    assert owner == {
        "manager": "one",
        "operation": "Apply",
        "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:x": {}}},
    }


async def test_another_managers_field_is_a_conflict_unless_forced(api: Any) -> None:
    await api("PATCH", f"{MAPS}/a", config(x="1", y="1"), kind=APPLY, fieldManager="one")
    answer = await api("PATCH", f"{MAPS}/a", config(x="2"), kind=APPLY, fieldManager="two")
    assert answer.status == 409
    assert answer.message == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    assert answer.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.x"}
    ]
    answer = await api("PATCH", f"{MAPS}/a", config(x="2"), kind=APPLY, fieldManager="two", force="true")
    assert answer.json["data"] == {"x": "2", "y": "1"}
    owners = {item["manager"]: item["fieldsV1"] for item in answer.json["metadata"]["managedFields"]}
    assert owners == {"one": {"f:data": {"f:y": {}}}, "two": {"f:data": {"f:x": {}}}}


async def test_the_same_value_is_shared(api: Any) -> None:
    await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="one")
    assert (await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="two")).status == 200


async def test_fields_no_longer_applied_are_removed_unless_shared(api: Any) -> None:
    await api("PATCH", f"{MAPS}/a", config(x="1", y="1"), kind=APPLY, fieldManager="one")
    await api("PATCH", f"{MAPS}/a", config(y="1"), kind=APPLY, fieldManager="two")
    answer = await api("PATCH", f"{MAPS}/a", config(), kind=APPLY, fieldManager="one")
    assert answer.json["data"] == {"y": "1"}


async def test_an_update_takes_ownership(api: Any) -> None:
    await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="one")
    await api("PATCH", f"{MAPS}/a", {"data": {"x": "2"}}, kind=MERGE, agent="editor/1")
    answer = await api("PATCH", f"{MAPS}/a", config(x="3"), kind=APPLY, fieldManager="one")
    assert answer.message == 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.x'


async def test_lists_merge_by_key(widgets: Any) -> None:
    path = "/apis/example.com/v1/namespaces/default/widgets/w"

    def items(*names: str) -> dict[str, Any]:
        spec = {"size": 1, "items": [{"name": name, "value": name} for name in names]}
        return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}

    await widgets("PATCH", path, items("a", "b"), kind=APPLY, fieldManager="one")
    answer = await widgets("PATCH", path, items("c"), kind=APPLY, fieldManager="two")
    assert [item["name"] for item in answer.json["spec"]["items"]] == ["a", "b", "c"]
    answer = await widgets("PATCH", path, items("b"), kind=APPLY, fieldManager="one")
    assert [item["name"] for item in answer.json["spec"]["items"]] == ["b", "c"]


async def test_repeating_an_apply_is_no_write(api: Any) -> None:
    await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="one")
    version = api.plane.storage.version
    await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY, fieldManager="one")
    assert api.plane.storage.version == version


async def test_a_manager_is_required(api: Any) -> None:
    answer = await api("PATCH", f"{MAPS}/a", config(x="1"), kind=APPLY)
    assert answer.status == 422
    assert answer.message == 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
