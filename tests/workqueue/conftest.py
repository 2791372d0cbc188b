from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kdasync.settings import Settings
from kdasync.workqueue.queue import WorkQueue


@pytest.fixture
async def make_queue() -> AsyncIterator[Callable[..., WorkQueue[Any]]]:
    queues: list[WorkQueue[Any]] = []

    def make(*, random: Callable[[], float] = lambda: 0.999, hooks: Any = None, **settings: Any) -> WorkQueue[Any]:
        loop = asyncio.get_running_loop()
        queue: WorkQueue[Any] = WorkQueue(settings=Settings(**settings), clock=loop.time, random=random, hooks=hooks)
        queues.append(queue)
        return queue

    yield make
    for queue in queues:
        queue.close()
