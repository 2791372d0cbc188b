"""Updates: optimistic concurrency, generation, status isolation, no-op writes."""

from __future__ import annotations

from typing import Any

PATH = "/apis/example.com/v1/namespaces/default/widgets"


def widget(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "w"}, "spec": {"size": 1, **spec}}


async def test_an_old_resource_version_is_a_conflict(widgets: Any) -> None:
    made = await widgets.made(PATH, widget())
    assert (await widgets("PUT", f"{PATH}/w", {**made, "spec": {"size": 2}})).status == 200
    answer = await widgets("PUT", f"{PATH}/w", {**made, "spec": {"size": 3}})
    assert answer.status == 409
    assert answer.json["reason"] == "Conflict"
    assert answer.message == (
        'Operation cannot be fulfilled on widgets.example.com "w": the object has been modified; please apply your changes to the '
        "latest version and try again"
    )


async def test_a_custom_resource_must_name_its_version(widgets: Any) -> None:
    await widgets.made(PATH, widget())
    answer = await widgets("PUT", f"{PATH}/w", widget(size=2))
    assert answer.status == 422
    assert "metadata.resourceVersion: Invalid value: 0" in answer.message
    assert "must be specified for an update" in answer.message


async def test_another_uid_is_a_conflict(widgets: Any) -> None:
    made = await widgets.made(PATH, widget())
    made["metadata"]["uid"] = "other"
    answer = await widgets("PUT", f"{PATH}/w", made)
    assert answer.status == 409
    assert "Precondition failed: UID in precondition: other, UID in object meta:" in answer.message


async def test_generation_counts_spec_only(widgets: Any) -> None:
    made = await widgets.made(PATH, widget())
    assert made["metadata"]["generation"] == 1
    made["metadata"]["labels"] = {"a": "b"}
    labelled = (await widgets("PUT", f"{PATH}/w", made)).json
    assert labelled["metadata"]["generation"] == 1
    labelled["spec"]["size"] = 5
    assert (await widgets("PUT", f"{PATH}/w", labelled)).json["metadata"]["generation"] == 2


async def test_status_and_spec_are_isolated(widgets: Any) -> None:
    made = await widgets.made(PATH, {**widget(), "status": {"phase": "dropped"}})
    assert "status" not in made
    made |= {"spec": {"size": 7}, "status": {"phase": "Up"}}
    made["metadata"]["labels"] = {"no": "effect"}
    answer = (await widgets("PUT", f"{PATH}/w/status", made)).json
    assert answer["status"] == {"phase": "Up"}
    assert answer["spec"]["size"] == 1
    assert "labels" not in answer["metadata"]
    assert answer["metadata"]["generation"] == 1
    answer |= {"spec": {"size": 8}, "status": {"phase": "Down"}}
    answer = (await widgets("PUT", f"{PATH}/w", answer)).json
    assert (answer["spec"]["size"], answer["status"]) == (8, {"phase": "Up"})


async def test_a_write_without_change_is_not_stored(widgets: Any) -> None:
    made = await widgets.made(PATH, widget())
    version = widgets.plane.storage.version
    answer = await widgets("PUT", f"{PATH}/w", made)
    assert answer.json["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert widgets.plane.storage.version == version


async def test_missing_objects_are_not_created(widgets: Any) -> None:
    answer = await widgets("PUT", f"{PATH}/w", widget())
    assert (answer.status, answer.message) == (404, 'widgets.example.com "w" not found')


async def test_the_name_must_be_the_paths(widgets: Any) -> None:
    await widgets.made(PATH, widget())
    answer = await widgets("PUT", f"{PATH}/w", {"metadata": {"name": "x", "resourceVersion": "1"}, "spec": {"size": 1}})
    assert answer.status == 400
    assert answer.message == "the name of the object (x) does not match the name on the URL (w)"
