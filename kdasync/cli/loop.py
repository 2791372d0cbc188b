"""Runs a command's coroutine so that SIGINT, SIGTERM and a terminal that goes away (SIGHUP) end it cleanly.

Guarantees: the first signal cancels the work, which then takes down what it started; a second one ends the process at once, and the
process runtime's guardian takes its pods along. A signal that is ignored, as nohup does, stays ignored.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """The result of `work`, or None if a signal ended it."""
    return asyncio.run(_until_stopped(work))


async def _until_stopped(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work())
    stopped = False
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for number in heard:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in heard:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            return None
        raise
