import asyncio
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from kdasync.errors import Gone, KdasyncError, TransportError
from kdasync.kube.change import Apply, Delete, InitApply
from kdasync.kube.resource import PODS
from kdasync.kube.watch import Watcher, Watching

pytestmark = pytest.mark.looptime


@pytest.fixture
def errors() -> list[KdasyncError]:
    return []


@pytest.fixture
def run(scripted: Any, make_client: Any, errors: list[KdasyncError]) -> Any:
    async def run(seconds: float) -> tuple[list[str], Watcher[Any]]:
        """Words seen within some virtual seconds."""
        machine = Watcher(make_client(scripted), PODS, sleep=asyncio.sleep, random=lambda: 0.5, on_error=errors.append)
        seen: list[str] = []

        async def collect() -> None:
            async with aclosing(machine.changes()) as changes:
                async for change in changes:
                    named = isinstance(change, (InitApply, Apply, Delete))
                    seen.append(f"{type(change).__name__} {change.object.metadata.name if named else ''}".strip())

        task = asyncio.create_task(collect())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen, machine

    return run


@pytest.fixture
def listed(wire: Any) -> bytes:
    return wire.line("ADDED", wire.pod("a", 3)) + wire.bookmark(7, initial_end=True)


async def test_a_normal_close_resumes_at_the_last_version_at_once(scripted: Any, run: Any, wire: Any, listed: bytes) -> None:
    scripted.streams = [(listed, wire.bookmark(20)), (wire.line("MODIFIED", wire.pod("a", 21)),)]
    seen, _ = await run(0.01)
    assert seen == ["Init", "InitApply a", "InitDone", "Apply a"]
    assert scripted.queries[1]["resourceVersion"] == "20"
    assert "sendInitialEvents" not in scripted.queries[1]


async def test_410_by_status_lists_again(scripted: Any, run: Any, wire: Any, listed: bytes, errors: list[KdasyncError]) -> None:
    scripted.streams = [(listed,), wire.answer(410, wire.status(410, "Expired")), (listed,)]
    seen, _ = await run(5)
    assert seen == ["Init", "InitApply a", "InitDone"] * 2
    assert [type(error) for error in errors] == [Gone]


async def test_410_as_a_line_lists_again_after_what_came_before_it(scripted: Any, run: Any, wire: Any, listed: bytes) -> None:
    expired = wire.line("ERROR", wire.status(410, "Expired"))
    scripted.streams = [
        (listed + wire.line("MODIFIED", wire.pod("a", 9)) + expired + wire.line("MODIFIED", wire.pod("a", 1)),),
        (listed,),
    ]
    seen, _ = await run(5)
    assert seen == ["Init", "InitApply a", "InitDone", "Apply a", "Init", "InitApply a", "InitDone"]


async def test_another_error_line_resumes_without_a_list(scripted: Any, run: Any, wire: Any, listed: bytes) -> None:
    scripted.streams = [(listed, wire.line("ERROR", wire.status(500, "InternalError"))), (wire.line("ADDED", wire.pod("b", 9)),)]
    seen, _ = await run(5)
    assert seen == ["Init", "InitApply a", "InitDone", "Apply b"]


async def test_silence_counts_as_a_dead_connection(scripted: Any, run: Any, listed: bytes) -> None:
    scripted.streams = [(listed, 10_000)]
    _, machine = await run(80)
    assert 75 < scripted.times[1] < 76
    assert machine.state == Watching("7")


async def test_a_bookmark_a_minute_keeps_the_connection(scripted: Any, run: Any, wire: Any, listed: bytes) -> None:
    scripted.streams = [(listed, 60, wire.bookmark(8), 60, wire.bookmark(9), 60, wire.bookmark(10), 10_000)]
    await run(180)
    assert len(scripted.asked) == 1


async def test_a_server_that_closes_at_once_is_not_stormed(scripted: Any, run: Any) -> None:
    scripted.streams = [()] * 1000
    await run(600)
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(scripted.times)]
    assert len(scripted.asked) < 40
    assert gaps == sorted(gaps)
    assert gaps[0] >= 0.1
    assert max(gaps) <= 30


async def test_failures_back_off_up_to_half_a_minute_and_success_starts_over(
    scripted: Any, run: Any, listed: bytes, errors: list[KdasyncError]
) -> None:
    scripted.streams = [*[TransportError("refused", sent=False)] * 15, (listed, TransportError("cut")), (listed,)]
    seen, _ = await run(600)
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(scripted.times)]
    assert 15 < max(gaps[:15]) <= 30
    assert gaps[15] < 0.5
    assert seen[:3] == ["Init", "InitApply a", "InitDone"]
    assert len(errors) >= 16


async def test_the_time_asked_for_is_random_below_the_limit(scripted: Any, run: Any) -> None:
    await run(1)
    assert 241 <= int(scripted.queries[0]["timeoutSeconds"]) <= 290


async def test_a_wait_that_the_server_asked_for_is_kept(scripted: Any, run: Any, wire: Any, listed: bytes) -> None:
    scripted.streams = [wire.answer(429, wire.status(429, "TooManyRequests") | {"details": {"retryAfterSeconds": 9}}), (listed,)]
    await run(20)
    assert scripted.times[1] == 9
