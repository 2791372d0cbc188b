"""Decorrelated back-off: how long to wait after a failure, so that a thousand watches do not come back at once.

Each delay is drawn between the first one and three times the last one, never above the limit.
"""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Delays in seconds; `random` returns numbers in [0, 1)."""

    __slots__ = ("_first", "_last", "_limit", "_random")

    def __init__(self, random: Callable[[], float], *, first: float = 0.1, limit: float = 30.0) -> None:
        self._random = random
        self._first = first
        self._limit = limit
        self._last = first

    def next(self) -> float:
        """The next delay."""
        self._last = min(self._limit, self._first + self._random() * (self._last * 3 - self._first))
        return self._last

    def reset(self) -> None:
        """It works again: start over."""
        self._last = self._first
