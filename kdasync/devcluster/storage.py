"""The memory of devcluster: objects, one global revision counter, and the history that watches read.

Why: it plays etcd and the watch cache at once. An object is encoded once when it is written; lists, watches and gets hand out
those bytes, so that a thousand objects with ten watchers cost pointers, not copies.

Guarantees: revisions start at 1 and rise by one per write over all resources; an `Entry` never changes; a feed sees every change
after its start in order. Assumptions: one event loop; callers never change the object of an entry (decode `data` for a copy).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import deque
from typing import Any

import msgspec

Json = dict[str, Any]
Key = tuple[str, str]  # (namespace, name); cluster-scoped objects have namespace ""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Json).decode


class Entry:
    """One stored version of one object."""

    __slots__ = ("_object", "data", "key", "version")

    def __init__(self, key: Key, version: int, data: bytes, decoded: Json | None = None) -> None:
        self.key = key
        self.version = version
        self.data = data
        self._object = decoded

    @property
    def object(self) -> Json:
        """The decoded object, shared: never change it."""
        if self._object is None:
            self._object = _decode(self.data)
        return self._object

    def copy(self) -> Json:
        """A private copy."""
        return _decode(self.data)

    @property
    def uid(self) -> str:
        """metadata.uid."""
        return str(self.object["metadata"].get("uid", ""))


class Change(msgspec.Struct, frozen=True):
    """One write: `entry` is the new version (for DELETED the last one, with the revision of the delete)."""

    kind: str
    entry: Entry
    previous: Entry | None


class Expired(Exception):
    """The revision asked for is older than the history. `oldest` is the first one that could be served."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"history starts at {oldest}")
        self.oldest = oldest


class Feed:
    """Changes of one resource for one reader."""

    def __init__(self, shelf: _Shelf, namespace: str | None) -> None:
        self._shelf = shelf
        self._namespace = namespace
        self._pending: deque[Change] = deque()
        self._wake = asyncio.Event()
        shelf.feeds.append(self)

    def push(self, change: Change) -> None:
        """Take note of a change."""
        if self._namespace in {None, change.entry.key[0]}:
            self._pending.append(change)
            self._wake.set()

    def take(self) -> list[Change]:
        """Everything that happened since the last call."""
        changes = list(self._pending)
        self._pending.clear()
        self._wake.clear()
        return changes

    async def wait(self, until: float) -> bool:
        """Wait for a change, at most to the loop's time `until`; False if none came."""
        try:
            async with asyncio.timeout_at(until):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Stop reading; who waits is woken."""
        self._wake.set()
        if self in self._shelf.feeds:
            self._shelf.feeds.remove(self)


class _Shelf:
    """All objects of one resource with their recent history."""

    __slots__ = ("entries", "feeds", "history", "horizon", "order")

    def __init__(self, limit: int) -> None:
        self.entries: dict[Key, Entry] = {}
        self.order: list[Key] = []
        self.history: deque[Change] = deque(maxlen=limit)
        self.horizon = 0
        self.feeds: list[Feed] = []

    def record(self, change: Change) -> None:
        if len(self.history) == self.history.maxlen:
            self.horizon = self.history[0].entry.version
        self.history.append(change)
        for feed in self.feeds:
            feed.push(change)


class Storage:
    """All shelves and the revision counter. A resource is named `<group>/<plural>`, e.g. `/pods` or `apps/statefulsets`."""

    def __init__(self, *, history: int = 1024) -> None:
        self._limit = history
        self._shelves: dict[str, _Shelf] = {}
        self.version = 1

    def _shelf(self, resource: str) -> _Shelf:
        shelf = self._shelves.get(resource)
        if shelf is None:
            shelf = self._shelves[resource] = _Shelf(self._limit)
        return shelf

    def get(self, resource: str, namespace: str, name: str) -> Entry | None:
        """The stored version, or None."""
        return self._shelf(resource).entries.get((namespace, name))

    def list(self, resource: str, namespace: str | None = None) -> list[Entry]:
        """All entries (of a namespace) in key order, as etcd returns them."""
        shelf = self._shelf(resource)
        if namespace is None:
            return [shelf.entries[key] for key in shelf.order]
        start = bisect_left(shelf.order, (namespace, ""))
        found: list[Entry] = []
        for key in shelf.order[start:]:
            if key[0] != namespace:
                break
            found.append(shelf.entries[key])
        return found

    def put(self, resource: str, document: Json) -> Entry:
        """Create or replace; sets metadata.resourceVersion in `document`, which the storage owns from now on."""
        shelf = self._shelf(resource)
        meta = document["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        self.version += 1
        meta["resourceVersion"] = str(self.version)
        entry = Entry(key, self.version, _encode(document), document)
        previous = shelf.entries.get(key)
        if previous is None:
            insort(shelf.order, key)
        shelf.entries[key] = entry
        shelf.record(Change("MODIFIED" if previous else "ADDED", entry, previous))
        return entry

    def remove(self, resource: str, namespace: str, name: str) -> Entry | None:
        """Delete; returns the last version under the revision of the delete."""
        shelf = self._shelf(resource)
        key = (namespace, name)
        previous = shelf.entries.pop(key, None)
        if previous is None:
            return None
        del shelf.order[bisect_left(shelf.order, key)]
        self.version += 1
        document = {**previous.object, "metadata": {**previous.object["metadata"], "resourceVersion": str(self.version)}}
        entry = Entry(key, self.version, _encode(document), document)
        shelf.record(Change("DELETED", entry, previous))
        return entry

    def feed(self, resource: str, *, namespace: str | None = None, since: int | None = None) -> Feed:
        """Changes after revision `since` (None: from now on).

        Raises:
            Expired: the history no longer reaches back to `since`.
        """
        shelf = self._shelf(resource)
        if since is not None and since < shelf.horizon:
            raise Expired(shelf.horizon)
        feed = Feed(shelf, namespace)
        if since is not None:
            for change in shelf.history:
                if change.entry.version > since:
                    feed.push(change)
        return feed

    def expire(self) -> None:
        """Forget all history: every older resourceVersion is answered with 410 from now on (etcd compaction)."""
        for shelf in self._shelves.values():
            shelf.history.clear()
            shelf.horizon = self.version

    def statistics(self) -> dict[str, int]:
        """Objects, feeds and history length over all resources."""
        shelves = self._shelves.values()
        return {
            "objects": sum(len(shelf.entries) for shelf in shelves),
            "feeds": sum(len(shelf.feeds) for shelf in shelves),
            "history": sum(len(shelf.history) for shelf in shelves),
            "version": self.version,
        }
