import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from kdasync.kube.change import Apply, Delete, Init, InitApply, InitDone
from kdasync.kube.resource import PODS
from kdasync.kube.watch import InitListed, Watcher, Watching

pytestmark = pytest.mark.looptime


def watcher(client: Any, **kwargs: Any) -> Watcher[Any]:
    return Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5, **kwargs)


async def words(machine: Watcher[Any], count: int) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    async with aclosing(machine.changes()) as changes:
        async for change in changes:
            name = change.object.metadata.name if isinstance(change, (InitApply, Apply, Delete)) else ""
            seen.append((type(change).__name__, name))
            if len(seen) == count:
                break
    return seen


def init(*names: str) -> list[tuple[str, str]]:
    return [(Init.__name__, ""), *((InitApply.__name__, name) for name in names), (InitDone.__name__, "")]


async def test_a_streaming_list_ends_at_its_bookmark_and_goes_on_as_a_watch(scripted: Any, make_client: Any, wire: Any) -> None:
    pod, line = wire.pod, wire.line
    scripted.streams = [
        (
            line("ADDED", pod("a", 3)) + line("ADDED", pod("b", 2)),
            wire.bookmark(7, initial_end=True) + line("MODIFIED", pod("a", 8)),
            line("DELETED", pod("b", 9)),
        )
    ]
    machine = watcher(make_client(scripted), label_selector="x=y")
    assert await words(machine, 6) == [*init("a", "b"), ("Apply", "a"), ("Delete", "b")]
    assert machine.state == Watching("9")
    query = scripted.queries[0]
    assert query["sendInitialEvents"] == "true"
    assert query["resourceVersionMatch"] == "NotOlderThan"
    assert query["allowWatchBookmarks"] == "true"
    assert query["labelSelector"] == "x=y"
    assert scripted.open == 0


@pytest.mark.parametrize("code", [400, 422, 501])
async def test_a_server_that_cannot_stream_is_paged_and_not_asked_again(
    scripted: Any, make_client: Any, wire: Any, code: int
) -> None:
    scripted.streams = [wire.answer(code, wire.status(code, "Invalid")), (wire.line("ADDED", wire.pod("c", 8)),)]
    page = {"metadata": {"resourceVersion": "7", "continue": "t"}, "items": [wire.pod("a", 3)]}
    last = {"metadata": {"resourceVersion": "7"}, "items": [wire.pod("b", 2)]}
    scripted.answers = [wire.answer(200, page), wire.answer(200, last)]
    machine = watcher(make_client(scripted))
    assert await words(machine, 5) == [*init("a", "b"), ("Apply", "c")]
    assert scripted.queries[2]["continue"] == "t"
    assert scripted.queries[3]["resourceVersion"] == "7"
    assert not machine._streaming


async def test_a_streaming_list_that_is_cut_starts_over(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.streams = [
        (wire.line("ADDED", wire.pod("a", 3)),),
        (wire.line("ADDED", wire.pod("b", 4)), wire.bookmark(7, initial_end=True)),
    ]
    seen = await words(watcher(make_client(scripted)), 5)
    assert seen == [("Init", ""), ("InitApply", "a"), *init("b")]


async def test_a_deletion_during_the_list_takes_the_object_back(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.streams = [
        (wire.line("ADDED", wire.pod("a", 3)), wire.line("DELETED", wire.pod("a", 4)), wire.bookmark(7, initial_end=True))
    ]
    assert await words(watcher(make_client(scripted)), 4) == [("Init", ""), ("InitApply", "a"), ("Delete", "a"), ("InitDone", "")]


async def test_an_unreadable_object_of_a_page_is_reported_and_the_rest_is_used(scripted: Any, make_client: Any, wire: Any) -> None:
    items = [{"metadata": {"name": 7}}, wire.pod("b", 2)]
    scripted.answers = [wire.answer(200, {"metadata": {"resourceVersion": "7"}, "items": items})]
    errors: list[Exception] = []
    machine = watcher(make_client(scripted), streaming=False, on_error=errors.append)
    assert await words(machine, 3) == init("b")
    assert machine.state == InitListed("7")
    assert len(errors) == 1
