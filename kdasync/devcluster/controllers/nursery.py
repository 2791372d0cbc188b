"""Tasks that live and end together, in an order that is the same on every run.

Why not TaskGroup: it keeps its tasks in a set, so what is cancelled first depends on memory addresses, and a simulation would not repeat.

Guarantees: children are cancelled in the order in which they were spawned, and none is left after `close`; the first failure of a child
ends `wait` with that exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Nursery:
    """An owner of tasks."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._spawned = 0
        self._error: BaseException | None = None
        self._failed = asyncio.Event()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start `work` as a child."""
        number = self._spawned = self._spawned + 1
        task = self._tasks[number] = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._ended(number, done))
        return task

    async def wait(self) -> None:
        """Wait for ever; raises what a child raised."""
        await self._failed.wait()
        self.check()

    def check(self) -> None:
        """Raise what a child raised."""
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Cancel the children and wait for their ends."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, number: int, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(number, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._error is None:
            self._error = error
            self._failed.set()


async def first_of(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of the tasks has ended, however it did."""
    ended = asyncio.Event()
    for task in tasks:
        task.add_done_callback(lambda _: ended.set())
    await ended.wait()
