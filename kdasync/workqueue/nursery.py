"""A scope that owns tasks and cancels them in the order in which they were started.

Why not asyncio.TaskGroup: it keeps its tasks in a set, so the order of cancellation depends on their addresses, and a simulation
that must replay a run to the letter cannot use it. Everything else is as there.

Guarantees: the scope ends when all its tasks have; the first exception of a task or of the body cancels the others; all exceptions
come out together as a group; a cancellation from outside reaches every task and comes out as itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Nursery:
    """Use as `async with Nursery() as nursery: nursery.start(work(), name="work")`."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._errors: list[BaseException] = []
        self._owner: asyncio.Task[Any] | None = None
        self._stopping = False
        self._interrupted = False
        self._empty: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        return self

    def start(self, coroutine: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run a coroutine as a task of this scope.

        Raises:
            RuntimeError: the scope is over, or being stopped.
        """
        if self._owner is None or self._stopping:
            coroutine.close()
            raise RuntimeError(f"{name} cannot start: its nursery is not open.")
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def stop(self) -> None:
        """Cancel all tasks, in the order of their start."""
        self._stopping = True
        for task in tuple(self._tasks):
            task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not self._tasks and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self._errors.append(error)
        if not self._stopping:
            self.stop()
            self._interrupt()

    def _interrupt(self) -> None:
        """End the body, which may be waiting for something that will never come now."""
        if self._owner is not None and self._empty is None:
            self._interrupted = True
            self._owner.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        cancelled = error if isinstance(error, asyncio.CancelledError) else None
        if self._interrupted and self._owner is not None and self._owner.uncancel() == 0:
            cancelled = None
        if error is not None and not isinstance(error, asyncio.CancelledError):
            self._errors.append(error)
        if error is not None:
            self.stop()
        cancelled = await self._drain() or cancelled
        self._stopping = True
        if cancelled is not None and not self._errors:
            raise cancelled
        if self._errors:
            raise BaseExceptionGroup("tasks of a nursery failed", self._errors)
        return self._interrupted

    async def _drain(self) -> asyncio.CancelledError | None:
        """Wait until no task is left; a cancellation meanwhile stops them, and is returned."""
        cancelled: asyncio.CancelledError | None = None
        while self._tasks:
            self._empty = asyncio.get_running_loop().create_future()
            try:
                await self._empty
            except asyncio.CancelledError as error:
                cancelled = error
                self.stop()
        return cancelled
