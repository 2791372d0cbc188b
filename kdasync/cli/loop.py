"""Runs a command's coroutine so that SIGINT and SIGTERM end it cleanly.

Guarantees: the first signal cancels the work, which then takes down what it started; a second one ends the process at once, and the
process runtime's guardian takes its pods along.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """The result of `work`, or None if a signal ended it."""
    return asyncio.run(_until_stopped(work))


async def _until_stopped(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work())
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            return None
        raise
