import asyncio
from typing import Any


async def test_a_burst_of_events_is_one_run(make_queue: Any) -> None:
    queue = make_queue()
    for _ in range(10):
        queue.add("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert queue.statistics().ready == 0


async def test_a_key_in_work_is_not_given_out_twice_and_runs_again_if_it_was_woken(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("a")
    await queue.get()
    queue.add("a")
    queue.add("a")
    assert (queue.statistics().ready, queue.statistics().processing) == (0, 1)
    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert queue.statistics().ready == 0


async def test_a_waiting_worker_is_woken(make_queue: Any) -> None:
    queue = make_queue()
    worker = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")
    assert await asyncio.wait_for(worker, 1) == "a"


async def test_a_wake_up_of_a_cancelled_worker_goes_to_the_next(make_queue: Any) -> None:
    queue = make_queue()
    first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a"
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
