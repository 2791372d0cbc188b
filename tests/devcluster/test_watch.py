"""Watches: start, order, selectors, bookmarks, initial events, time-out, 410. On virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


def brief(event: Any) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_from_a_version_only_later_changes_arrive(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    version = (await api("GET", MAPS)).json["metadata"]["resourceVersion"]
    async with api.watch(MAPS, resourceVersion=version) as events:
        await api.made(MAPS, {"metadata": {"name": "b"}})
        await api("PATCH", f"{MAPS}/b", {"data": {"x": "1"}}, kind=MERGE)
        await api("DELETE", f"{MAPS}/b")
        found = [await anext(events) for _ in range(3)]
    assert [brief(event) for event in found] == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in found]
    assert versions == sorted(set(versions))
    assert found[2]["object"]["data"] == {"x": "1"}


async def test_without_a_version_existing_objects_come_first(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    async with api.watch(MAPS) as events:
        assert brief(await anext(events)) == ("ADDED", "a")
        await api.made(MAPS, {"metadata": {"name": "b"}})
        assert brief(await anext(events)) == ("ADDED", "b")


async def test_leaving_and_entering_a_selector(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a", "labels": {"l": "x"}}})
    async with api.watch(MAPS, labelSelector="l=x", resourceVersion=api.plane.storage.version) as events:
        await api("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"l": "y"}}}, kind=MERGE)
        gone = await anext(events)
        assert (brief(gone), gone["object"]["metadata"]["labels"]) == (("DELETED", "a"), {"l": "x"})
        await api("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"l": "x"}}}, kind=MERGE)
        assert brief(await anext(events)) == ("ADDED", "a")


async def test_too_old_is_an_error_event(api: Any) -> None:
    version = api.plane.storage.version
    await api.made(MAPS, {"metadata": {"name": "a"}})
    api.plane.forget()
    async with api.watch(MAPS, resourceVersion=version) as events:
        event = await anext(events)
        assert event["type"] == "ERROR"
        assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
        assert event["object"]["message"].startswith(f"too old resource version: {version} (")
        with pytest.raises(StopAsyncIteration):
            await anext(events)


@pytest.mark.looptime
async def test_bookmarks_and_timeout(api: Any) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with api.watch(MAPS, allowWatchBookmarks="true", timeoutSeconds=150, resourceVersion=api.plane.storage.version) as events:
        found = [(event, loop.time() - begin) async for event in events]
    assert [(event["type"], round(at)) for event, at in found] == [("BOOKMARK", 60), ("BOOKMARK", 120), ("BOOKMARK", 148)]
    assert found[0][0]["object"]["metadata"]["resourceVersion"] == str(api.plane.storage.version)
    assert found[0][0]["object"]["kind"] == "ConfigMap"
    assert round(loop.time() - begin) == 150


async def test_streaming_list(api: Any) -> None:
    await api.made(MAPS, {"metadata": {"name": "a"}})
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
    async with api.watch(MAPS, **query) as events:
        assert brief(await anext(events)) == ("ADDED", "a")
        mark = await anext(events)
    assert mark["type"] == "BOOKMARK"
    assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_streaming_list_needs_its_match(api: Any) -> None:
    answer = await api("GET", MAPS, watch="true", sendInitialEvents="true", allowWatchBookmarks="true")
    assert answer.status == 422
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in answer.message


async def test_one_object_by_name(api: Any) -> None:
    async with api.watch(MAPS, fieldSelector="metadata.name=b", resourceVersion=api.plane.storage.version) as events:
        await api.made(MAPS, {"metadata": {"name": "a"}})
        await api.made(MAPS, {"metadata": {"name": "b"}})
        assert brief(await anext(events)) == ("ADDED", "b")
    assert api.plane.storage.statistics()["feeds"] == 0
