"""One cache per kind, each filled by one watch; shared by the controllers and the node of one devcluster.

Flow: whoever needs a kind asks `of`; `run` watches the kinds asked for so far and those asked for later. Guarantee: `synced` returns once
every kind asked for before has been listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable

from kdasync.devcluster.controllers.cache import Cache
from kdasync.devcluster.controllers.calls import Call, Document, Key, Kind, key_of
from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.controllers.wire import Watched, Wire, follow

Identity = tuple[str, str]  # group and plural


class Caches:
    """All caches over one wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._caches: dict[Identity, Cache] = {}
        self._nursery = Nursery()
        self._running = False
        self._progress = asyncio.Event()

    def of(self, kind: Kind) -> Cache:
        """The cache of a kind."""
        identity = (kind.group, kind.plural)
        if identity not in self._caches:
            self._caches[identity] = Cache(kind)
            if self._running:
                self._nursery.spawn(self._follow(self._caches[identity]))
        return self._caches[identity]

    def all(self) -> list[Cache]:
        """Every cache, in the order in which they were asked for."""
        return list(self._caches.values())

    async def perform(self, calls: Iterable[Call]) -> None:
        """Send the calls one by one; their answers are known before the next decision.

        Raises:
            ApiError, TransportError: as `Wire.perform`; the calls after it were not sent.
        """
        for call in calls:
            answer = await self.wire.perform(call)
            if answer is not None:
                self.of(call.kind).learn(answer)

    async def run(self) -> None:
        """Watch for ever."""
        self._running = True
        try:
            for cache in self.all():
                self._nursery.spawn(self._follow(cache))
            await self._nursery.wait()
        finally:
            self._running = False
            await self._nursery.close()

    async def synced(self) -> None:
        """Wait until every cache has its first list."""
        while not all(cache.synced for cache in self.all()):
            self._progress.clear()
            await self._progress.wait()

    async def _follow(self, cache: Cache) -> None:
        def tell(news: Watched) -> None:
            cache.tell(news)
            if news.replace:
                self._progress.set()

        await follow(self.wire, cache.kind, tell=tell, sleep=asyncio.sleep)


class Index:
    """The objects of a cache by any key that can be computed from one of them."""

    def __init__(self, cache: Cache, keys_of: Callable[[Document], Iterable[Hashable]]) -> None:
        self._keys_of = keys_of
        self._found: dict[Hashable, dict[Key, Document]] = {}
        for document in cache:
            self._change(None, document)
        cache.on_change(self._change)

    def get(self, key: Hashable) -> dict[Key, Document]:
        """The objects with that key. Not to be changed."""
        return self._found.get(key, {})

    def _change(self, old: Document | None, new: Document | None) -> None:
        if old is not None:
            self._remove(old)
        if new is not None:
            for key in self._keys_of(new):
                self._found.setdefault(key, {})[key_of(new)] = new

    def _remove(self, document: Document) -> None:
        for key in self._keys_of(document):
            group = self._found.get(key, {})
            group.pop(key_of(document), None)
            if not group:
                self._found.pop(key, None)
