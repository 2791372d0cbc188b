"""A controller's loop: keys that need a look, taken one after the other.

Guarantees: a key that is added while it waits is looked at once; one added while it is looked at, once more afterwards; a look that
fails on the API is repeated after a growing pause. An idle worker sends nothing and wakes never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from kdasync.errors import ApiError, TransportError

K = TypeVar("K", bound=Hashable)
_FIRST = 0.05
_LIMIT = 30.0


class Worker(Generic[K]):
    """One queue and the coroutine that works it off.

    Args:
        look: looks at one key and does what is needed.
        rest: seconds to wait after the first of a burst, so that the burst is one look.

    Attributes:
        looks, failures, last_error: what it did so far, and the last failure in words.
    """

    def __init__(self, look: Callable[[K], Awaitable[None]], *, rest: float = 0) -> None:
        self._look = look
        self._rest = rest
        self._dirty: dict[K, None] = {}
        self._wake = asyncio.Event()
        self._failures: dict[K, int] = {}
        self.looks = 0
        self.failures = 0
        self.last_error = ""

    def add(self, key: K) -> None:
        """Have a look at `key` soon."""
        self._dirty[key] = None
        self._wake.set()

    def add_later(self, key: K, seconds: float) -> None:
        """Have a look at `key` in `seconds`."""
        asyncio.get_running_loop().call_later(seconds, self.add, key)

    def statistics(self) -> dict[str, int]:
        """Keys waiting, looks and failures so far."""
        return {"waiting": len(self._dirty), "looks": self.looks, "failures": self.failures}

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._rest)
            self._wake.clear()
            while self._dirty:
                key = next(iter(self._dirty))
                del self._dirty[key]
                await self._one(key)

    async def _one(self, key: K) -> None:
        self.looks += 1
        try:
            await self._look(key)
        except (ApiError, TransportError) as error:
            self.failures += 1
            self.last_error = f"{key}: {error}"
            count = self._failures[key] = self._failures.get(key, 0) + 1
            self.add_later(key, min(_FIRST * 2**count, _LIMIT))
        else:
            self._failures.pop(key, None)
