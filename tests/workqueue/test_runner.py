import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kdasync.errors import Conflict, DefinitionError, TooManyRequests
from kdasync.workqueue.queue import WorkQueue
from kdasync.workqueue.runner import Again, Done, Outcome, Result, Runner

pytestmark = pytest.mark.looptime

Run = tuple[float, str, str]


@pytest.fixture
def run(make_queue: Any) -> Any:
    async def run(reconcile: Callable[[str], Awaitable[Result]], keys: str, seconds: float, workers: int = 4) -> list[Run]:
        """Runs that ended within some virtual seconds."""
        queue: WorkQueue[str] = make_queue(random=lambda: 0.5, backoff_first=1.0)
        runs: list[Run] = []

        def report(key: str, outcome: Outcome, _: BaseException | None) -> None:
            runs.append((asyncio.get_running_loop().time(), key, outcome.value))

        for key in keys:
            queue.add(key)
        task = asyncio.create_task(Runner(queue, reconcile, workers=workers, report=report).run())
        await asyncio.sleep(seconds)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert queue.statistics().processing == 0
        return runs

    return run


async def test_done_waits_for_the_next_event(run: Any) -> None:
    async def reconcile(_: str) -> Result:
        return Done()

    assert await run(reconcile, "a", 1000) == [(0, "a", "success")]


async def test_again_runs_later(run: Any) -> None:
    async def reconcile(_: str) -> Result:
        return Again(10)

    assert await run(reconcile, "a", 25) == [(time, "a", "requeue_after") for time in (0, 10, 20)]


async def test_an_exception_backs_off_and_harms_no_other_key(run: Any) -> None:
    async def reconcile(key: str) -> Result:
        if key == "bad":
            raise ZeroDivisionError
        return Again(4)

    runs = await run(reconcile, ["bad", "good"], 9)
    assert [time for time, key, _ in runs if key == "bad"] == [0, 0.5, 1.5, 3.5, 7.5]
    assert [time for time, key, _ in runs if key == "good"] == [0, 4, 8]
    assert {outcome for _, key, outcome in runs if key == "bad"} == {"error"}


async def test_success_starts_the_back_off_over(run: Any) -> None:
    attempts = iter([False, False, True, False, True])

    async def reconcile(_: str) -> Result:
        if next(attempts):
            return Again(100)
        raise Conflict(409, "Conflict", "")

    runs = await run(reconcile, "a", 150)
    assert [time for time, _, _ in runs] == [0, 0.5, 1.5, 101.5, 102]


async def test_bad_user_input_is_not_repeated(run: Any) -> None:
    async def reconcile(_: str) -> Result:
        raise DefinitionError("is bad.", field="spec", remedy="Correct it.")

    assert await run(reconcile, "a", 1000) == [(0, "a", "terminal_error")]


async def test_a_wait_that_the_server_asked_for_is_kept(run: Any) -> None:
    async def reconcile(_: str) -> Result:
        raise TooManyRequests(429, "TooManyRequests", "", retry_after=30)

    assert [time for time, _, _ in await run(reconcile, "a", 70)] == [0, 30, 60]


async def test_a_cancelled_await_inside_a_run_does_not_kill_the_worker(run: Any) -> None:
    async def reconcile(_: str) -> Result:
        task = asyncio.create_task(asyncio.sleep(1))
        task.cancel()
        await task
        return Done()

    runs = await run(reconcile, "a", 4, workers=1)
    assert [outcome for _, _, outcome in runs] == ["error"] * 4


async def test_one_key_is_never_in_two_hands(run: Any) -> None:
    active: list[str] = []

    async def reconcile(key: str) -> Result:
        assert key not in active
        active.append(key)
        await asyncio.sleep(1)
        active.remove(key)
        return Again(0)

    runs = await run(reconcile, "ab", 5.5)
    assert {outcome for _, _, outcome in runs} == {"requeue_after"}
    assert len(runs) == 10


async def test_a_slow_key_delays_no_other(run: Any) -> None:
    async def reconcile(key: str) -> Result:
        await asyncio.sleep(1000 if key == "s" else 0)
        return Done()

    runs = await run(reconcile, "sabc", 1, workers=2)
    assert [key for _, key, _ in runs] == ["a", "b", "c"]
