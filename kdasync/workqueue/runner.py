"""Workers over a queue: take a key, reconcile it, and decide by the result when it runs again. One switch, no policy elsewhere.

Flow: `Done` forgets the key's failures; `Again(after)` forgets them and runs the key again later; an exception runs it again after
the key's back-off, or later if the server asked for it; a DefinitionError is not repeated, because only an edit, which wakes the
key by itself, can cure it.

Guarantees: no exception of a reconcile leaves its worker; a worker dies only by cancellation of its own task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from kdasync.errors import ApiError, DefinitionError
from kdasync.workqueue.nursery import Nursery
from kdasync.workqueue.queue import WorkQueue

K = TypeVar("K", bound=Hashable)


class Done(msgspec.Struct, frozen=True):
    """Nothing more to do until the key is woken."""


class Again(msgspec.Struct, frozen=True):
    """Run again in `after` seconds."""

    after: float


Result = Done | Again


class Outcome(StrEnum):
    """How a run ended; the label `result` of controller-runtime's `reconcile_total`."""

    SUCCESS = "success"
    REQUEUE_AFTER = "requeue_after"
    ERROR = "error"
    TERMINAL = "terminal_error"


Report = Callable[[K, Outcome, BaseException | None], None]


class Runner(Generic[K]):
    """The workers.

    Args:
        queue: where keys come from.
        reconcile: one run for one key.
        workers: how many runs at a time.
        report: told of the end of every run, for metrics and logs; must not raise.
    """

    def __init__(
        self, queue: WorkQueue[K], reconcile: Callable[[K], Awaitable[Result]], *, workers: int, report: Report[K]
    ) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._workers = workers
        self._report = report

    async def run(self) -> None:
        """Work until cancelled."""
        async with Nursery() as nursery:
            for number in range(self._workers):
                nursery.start(self._work(), name=f"worker-{number}")

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._run(key)
            finally:
                self._queue.done(key)

    async def _run(self, key: K) -> None:
        try:
            result = await self._reconcile(key)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._failed(key, error)  # something that the reconcile awaited was cancelled, not this worker
        except Exception as error:  # noqa: BLE001 - the border of one key
            self._failed(key, error)
        else:
            self._succeeded(key, result)

    def _succeeded(self, key: K, result: Result) -> None:
        self._queue.forget(key)
        if isinstance(result, Again):
            self._queue.add_after(key, result.after)
        self._report(key, Outcome.REQUEUE_AFTER if isinstance(result, Again) else Outcome.SUCCESS, None)

    def _failed(self, key: K, error: BaseException) -> None:
        if isinstance(error, DefinitionError):
            self._queue.forget(key)
            self._report(key, Outcome.TERMINAL, error)
            return
        wait = error.retry_after if isinstance(error, ApiError) else None
        self._queue.retry(key, at_least=wait or 0.0)
        self._report(key, Outcome.ERROR, error)
