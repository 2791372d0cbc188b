"""What every pod's task needs of its node: runtime, clock, look-ups, and where to say that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from kdasync.devcluster.node.lookup import Document, Lookup
from kdasync.devcluster.node.record import PodRecord
from kdasync.devcluster.runtime.protocol import Runtime


class News:
    """Wakes everybody who waits for something to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - the longest wait is part of what is asked for
        """Until something changes, at most `timeout` seconds."""
        event = self._event
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Shared by all pods of a node.

    Attributes:
        timestamp: the time as RFC 3339 text.
        lookup: what a pod refers to.
        changed: its record changed; report it.
        news: told when a claim, secret or config map changed.
    """

    runtime: Runtime
    domain: str
    timestamp: Callable[[], str]
    lookup: Callable[[Document], Awaitable[Lookup]]
    changed: Callable[[PodRecord], None]
    news: News
