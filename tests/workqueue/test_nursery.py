import asyncio
from typing import Any

import pytest

from kdasync.workqueue.nursery import Nursery

pytestmark = pytest.mark.looptime


def sleeper(name: str, log: list[str]) -> Any:
    async def sleep() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            log.append(name)

    return sleep()


async def fail(after: float, error: Exception) -> None:
    await asyncio.sleep(after)
    raise error


async def test_the_scope_ends_when_its_tasks_have() -> None:
    async with Nursery() as nursery:
        for seconds in (3, 1, 2):
            nursery.start(asyncio.sleep(seconds), name=str(seconds))
    assert asyncio.get_running_loop().time() == 3


async def test_a_failure_cancels_the_others_in_the_order_of_their_start() -> None:
    log: list[str] = []
    names = [str(number) for number in range(50)]

    async def body() -> None:
        async with Nursery() as nursery:
            for name in names:
                nursery.start(sleeper(name, log), name=name)
            nursery.start(fail(1, KeyError("x")), name="fail")

    with pytest.raises(ExceptionGroup) as caught:
        await body()
    assert log == names
    assert [type(error) for error in caught.value.exceptions] == [KeyError]


async def test_a_failure_interrupts_a_body_that_waits() -> None:
    async def body() -> None:
        async with Nursery() as nursery:
            nursery.start(fail(1, KeyError("x")), name="fail")
            await asyncio.sleep(1000)

    with pytest.raises(ExceptionGroup):
        await body()
    assert asyncio.get_running_loop().time() == 1
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_failing_body_cancels_the_tasks() -> None:
    log: list[str] = []

    async def body() -> None:
        async with Nursery() as nursery:
            nursery.start(sleeper("a", log), name="a")
            await fail(1, KeyError("x"))

    with pytest.raises(ExceptionGroup) as caught:
        await body()
    assert log == ["a"]
    assert [type(error) for error in caught.value.exceptions] == [KeyError]


@pytest.mark.parametrize("body", [0, 1000])
async def test_a_cancellation_from_outside_stays_one(body: float) -> None:
    log: list[str] = []

    async def owner() -> None:
        async with Nursery() as nursery:
            nursery.start(sleeper("a", log), name="a")
            nursery.start(sleeper("b", log), name="b")
            await asyncio.sleep(body)

    task = asyncio.create_task(owner())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["a", "b"]


async def test_stop_ends_the_scope_without_an_error() -> None:
    log: list[str] = []
    async with Nursery() as nursery:
        nursery.start(sleeper("a", log), name="a")
        await asyncio.sleep(1)
        nursery.stop()
    assert log == ["a"]


async def test_a_closed_scope_starts_nothing() -> None:
    async with Nursery() as nursery:
        pass
    with pytest.raises(RuntimeError, match="not open"):
        nursery.start(asyncio.sleep(1), name="late")
