import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_key_comes_when_its_time_has_come(make_queue: Any) -> None:
    queue = make_queue()
    queue.add_after("late", 20)
    queue.add_after("soon", 5)
    assert (await queue.get(), now()) == ("soon", 5)
    assert (await queue.get(), now()) == ("late", 20)


@pytest.mark.parametrize("delays", [(5, 20), (20, 5)])
async def test_the_earliest_of_several_times_counts_and_it_runs_once(make_queue: Any, delays: tuple[int, int]) -> None:
    queue = make_queue()
    for delay in delays:
        queue.add_after("a", delay)
    assert (await queue.get(), now()) == ("a", 5)
    queue.done("a")
    await asyncio.sleep(100)
    assert queue.statistics().ready == 0


async def test_an_event_makes_a_waiting_key_ready_and_drops_its_timer(make_queue: Any) -> None:
    queue = make_queue()
    queue.add_after("a", 20)
    queue.add("a")
    assert (await queue.get(), now()) == ("a", 0)
    queue.done("a")
    await asyncio.sleep(100)
    assert queue.statistics().ready == 0


async def test_a_timer_of_a_key_in_work_fires_after_its_run(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("a")
    await queue.get()
    queue.add_after("a", 5)
    await asyncio.sleep(10)
    assert queue.statistics().ready == 0
    queue.done("a")
    assert queue.statistics().ready == 1


async def test_timers_that_no_longer_count_do_not_pile_up(make_queue: Any) -> None:
    queue = make_queue()
    for _ in range(5000):
        queue.add_after("a", 3600)
        queue.add("a")
        queue.done(await queue.get())
    assert len(queue._timers) < 100
    assert len(queue._by_priority) < 100
    assert len(queue._by_age) < 100


async def test_back_off_doubles_up_to_the_limit_and_starts_over(make_queue: Any) -> None:
    queue = make_queue(random=lambda: 0.5, backoff_first=1.0, backoff_limit=60.0)
    delays = []
    queue.add("a")
    for _ in range(9):
        await queue.get()
        delays.append(queue.retry("a"))
        queue.done("a")
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    await queue.get()
    assert now() == sum(delays)
    queue.forget("a")
    assert queue.retry("a") == 0.5


async def test_jitter_is_full_and_a_wait_that_the_server_asked_for_is_a_floor(make_queue: Any) -> None:
    queue = make_queue(random=lambda: 0.0)
    assert queue.retry("a") == 0
    assert queue.retry("b", at_least=7.0) == 7


async def test_nothing_fires_after_close(make_queue: Any) -> None:
    queue = make_queue()
    queue.add_after("a", 5)
    queue.close()
    await asyncio.sleep(10)
    assert queue.statistics() == (0, 0, 0, 0, 0.0, 0.0, 0.0)
