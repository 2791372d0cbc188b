"""From a watch to a store to whoever wants to know: one task per kind and selection.

Flow: changes of the watch go into the store; what really changed goes to the handlers as (old, new); after the first complete list
`synced` is set.

Guarantees: handlers see no repeated and no older object, and see objects that vanished during a gap as (old, None). They are called
in the order in which they were added, synchronously: they add a key to a queue and return.

Assumptions: an exception of a handler is a bug and ends the informer, and with it the operator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Generic, NamedTuple, TypeVar

from kdasync.api.meta import Object
from kdasync.kube.change import Apply, Change, Delete, Init, InitApply, InitDone
from kdasync.kube.watch import Watcher
from kdasync.store.index import Key
from kdasync.store.store import Changed, Store, key_of

T = TypeVar("T", bound=Object)
Handler = Callable[[T | None, T | None], None]


class Statistics(NamedTuple):
    """Numbers for metrics and the debug page."""

    state: str  # of the watch's machine
    synced: bool
    lists: int  # complete lists taken in; one is normal
    changes: int  # single changes taken in after the first list


class Informer(Generic[T]):
    """One watcher, one store, some handlers."""

    def __init__(self, watcher: Watcher[T], store: Store[T]) -> None:
        self.store = store
        self.synced = asyncio.Event()
        self._watcher = watcher
        self._handlers: list[Handler[T]] = []
        self._buffer: dict[Key, T] | None = None
        self._lists = 0
        self._changes = 0

    def subscribe(self, handler: Handler[T]) -> None:
        """Call `handler(old, new)` for every change from now on; it must not block."""
        self._handlers.append(handler)

    async def run(self) -> None:
        """Watch for ever."""
        async with aclosing(self._watcher.changes()) as changes:
            async for change in changes:
                self.take(change)

    def take(self, change: Change[T]) -> None:
        """Take in one change."""
        match change:
            case Init():
                self._buffer = {}
            case InitApply(item):
                self._pending()[key_of(item)] = item
            case InitDone(version):
                self._swap(version)
            case Apply(item):
                self._changed(self.store.observe(item))
            case Delete(item) if self._buffer is not None:
                self._buffer.pop(key_of(item), None)
            case Delete(item):
                self._changed(self.store.delete(item))

    def _pending(self) -> dict[Key, T]:
        if self._buffer is None:
            self._buffer = {}
        return self._buffer

    def _swap(self, version: str) -> None:
        buffer, self._buffer = self._pending(), None
        self._lists += 1
        self._notify(self.store.swap(buffer, version))
        self.synced.set()

    def _changed(self, change: Changed[T] | None) -> None:
        self._changes += 1
        if change is not None:
            self._notify((change,))

    def _notify(self, changes: Iterable[Changed[T]]) -> None:
        for old, new in changes:
            for handler in self._handlers:
                handler(old, new)

    def statistics(self) -> Statistics:
        """Numbers since the start."""
        return Statistics(type(self._watcher.state).__name__, self.synced.is_set(), self._lists, self._changes)
