import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from kdasync.kube.change import Apply, Delete, Init, InitApply, InitDone
from kdasync.kube.client import Client
from kdasync.kube.resource import PODS
from kdasync.kube.transport import Request
from kdasync.kube.watch import Watcher
from kdasync.settings import Settings
from kdasync.store.informer import Informer
from kdasync.store.store import Store


class OneStream:
    """A transport whose only stream sends one chunk and stays open."""

    status = 200
    headers: dict[str, str] = {}

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk

    @asynccontextmanager
    async def stream(self, _: Request, **__: Any) -> AsyncIterator["OneStream"]:
        yield self

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._chunk
        await asyncio.Event().wait()


@pytest.fixture
async def informer() -> Any:
    def make(chunk: bytes = b"") -> Informer[Any]:
        loop = asyncio.get_running_loop()
        transport: Any = OneStream(chunk)
        client = Client(transport, settings=Settings(), clock=loop.time, sleep=asyncio.sleep, random=lambda: 0.5)
        return Informer(Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5), Store())

    return make


@pytest.fixture
def seen() -> list[tuple[str | None, str | None]]:
    return []


@pytest.fixture
def handler(seen: list[tuple[str | None, str | None]]) -> Any:
    def note(old: Any, new: Any) -> None:
        seen.append((old and old.metadata.resource_version, new and new.metadata.resource_version))

    return note


async def test_nobody_sees_half_a_list(informer: Any, handler: Any, seen: Any, pod: Any) -> None:
    made = informer()
    made.subscribe(handler)
    for change in (Init(), InitApply(pod("a", 1)), InitApply(pod("b", 2))):
        made.take(change)
    assert (seen, len(made.store), made.synced.is_set()) == ([], 0, False)
    made.take(InitDone("3"))
    assert (seen, len(made.store), made.synced.is_set()) == ([(None, "1"), (None, "2")], 2, True)


async def test_handlers_see_old_and_new_and_no_repetition(informer: Any, handler: Any, seen: Any, pod: Any) -> None:
    made = informer()
    made.subscribe(handler)
    for change in (Apply(pod("a", 1)), Apply(pod("a", 1)), Apply(pod("a", 2)), Delete(pod("a", 3)), Delete(pod("a", 3))):
        made.take(change)
    assert seen == [(None, "1"), ("1", "2"), ("2", None)]


async def test_what_vanished_during_a_gap_is_reported_gone(informer: Any, handler: Any, seen: Any, pod: Any) -> None:
    made = informer()
    made.take(Apply(pod("a", 1)))
    made.subscribe(handler)
    for change in (Init(), InitApply(pod("b", 4)), InitDone("5")):
        made.take(change)
    assert seen == [("1", None), (None, "4")]


async def test_a_deletion_during_a_list_takes_the_object_back(informer: Any, pod: Any) -> None:
    made = informer()
    for change in (Init(), InitApply(pod("a", 1)), Delete(pod("a", 2)), InitDone("3")):
        made.take(change)
    assert len(made.store) == 0


async def test_it_runs_from_the_wire_to_synced(informer: Any, pod: Any) -> None:
    end = {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}}
    lines = [{"type": "ADDED", "object": pod("a", 1)}, {"type": "BOOKMARK", "object": end}]
    made = informer(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    task = asyncio.create_task(made.run())
    await asyncio.wait_for(made.synced.wait(), 2)
    assert made.store.get("ns", "a") == pod("a", 1)
    assert made.statistics() == ("Watching", True, 1, 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
