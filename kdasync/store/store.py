"""What the operator knows of one kind: typed objects by namespace and name, never older than what it knew before.

Why write-through: a step that follows our own write must not see the world before it, and waiting for the echo on the watch would
cost a round trip each. So the object that a write returned enters at once, and the watch's older echo is ignored.

Flow: a list fills a buffer, and its end swaps it in, so that nobody ever sees half a list; changes and our own writes go in one by one.

Guarantees: an object's resourceVersion never decreases; an answer to our own write that arrives after the watch has reported the
object's deletion does not bring it back, nor does a late event after our own acknowledged deletion (a tombstone by UID); every
change is returned as (old, new), and what changes nothing as None.

Assumptions: resourceVersions of one kind are comparable as integers (true of every etcd, guaranteed since Kubernetes 1.35), and a
watch delivers them in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

from kdasync.api.meta import Object
from kdasync.store.index import Function, Index, Key

T = TypeVar("T", bound=Object)


class Changed(NamedTuple, Generic[T]):
    """A change: `old` is None for a new object, `new` for one that is gone."""

    old: T | None
    new: T | None


class Statistics(NamedTuple):
    """Numbers for metrics and the debug page."""

    objects: int  # stored now
    applied: int  # changes taken in, by watch or write
    stale: int  # older or repeated ones that were ignored
    deleted: int  # objects that went
    tombstones: int  # deletions by us that the watch has not confirmed yet
    seen: int  # highest resourceVersion that the watch delivered


def key_of(item: Object) -> Key:
    """Namespace and name."""
    return item.metadata.namespace, item.metadata.name


def version_of(item: Object) -> int:
    """The resourceVersion as an integer, 0 if it is none."""
    text = item.metadata.resource_version
    return int(text) if text.isdigit() else 0


class Store(Generic[T]):
    """Objects of one kind; `indexes` maps a name to an index function."""

    def __init__(self, indexes: Mapping[str, Function[T]] | None = None) -> None:
        self._objects: dict[Key, T] = {}
        self._indexes = {name: Index(function) for name, function in (indexes or {}).items()}
        self._tombstones: dict[str, int] = {}
        self._seen = 0
        self._applied = 0
        self._stale = 0
        self._deleted = 0

    def get(self, namespace: str, name: str) -> T | None:
        """One object."""
        return self._objects.get((namespace, name))

    def select(self, index: str, value: str) -> tuple[T, ...]:
        """Objects with `value` in `index`, in a stable order."""
        return tuple(self._objects[key] for key in self._indexes[index].get(value))

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def apply(self, item: T) -> Changed[T] | None:
        """Take in what our own write returned; None if the store knows better already.

        An unknown object that is not newer than what the watch has delivered was deleted since: the watch would have shown it.
        """
        if key_of(item) not in self._objects and version_of(item) <= self._seen:
            self._stale += 1
            return None
        return self._take(item)

    def observe(self, item: T) -> Changed[T] | None:
        """Take in what the watch delivered; None if the store knows better already."""
        self._seen = max(self._seen, version_of(item))
        return self._take(item)

    def bury(self, item: T) -> Changed[T] | None:
        """Our own delete of this UID was acknowledged: it is gone now, and no late event brings it back.

        Only for an object that the server removes at once: one with finalizers lives on until they are gone.
        """
        self._tombstones[item.metadata.uid] = version_of(item)
        old = self._objects.get(key_of(item))
        if old is None or old.metadata.uid != item.metadata.uid:
            return None
        return self._remove(key_of(item), old)

    def delete(self, item: T) -> Changed[T] | None:
        """The watch says that an object is gone; None if it is unknown, or stored in a newer version by our own write."""
        self._seen = max(self._seen, version_of(item))
        self._tombstones.pop(item.metadata.uid, None)
        old = self._objects.get(key_of(item))
        if old is None:
            return None
        if version_of(old) > version_of(item):
            self._stale += 1
            return None
        return self._remove(key_of(item), old)

    def swap(self, items: Mapping[Key, T], resource_version: str) -> list[Changed[T]]:
        """Replace everything by a complete list as of `resource_version`; the differences, removals first.

        What our own writes made after the list was taken stays.
        """
        horizon = int(resource_version) if resource_version.isdigit() else 0
        self._seen = max(self._seen, horizon)
        gone = [(key, item) for key, item in self._objects.items() if key not in items and version_of(item) <= horizon]
        changes = [self._remove(key, item) for key, item in gone]
        taken = [self._take(item) for item in items.values()]
        listed = {item.metadata.uid for item in items.values()}
        self._tombstones = {uid: at for uid, at in self._tombstones.items() if uid in listed or at > horizon}
        return [*changes, *(change for change in taken if change is not None)]

    def _take(self, item: T) -> Changed[T] | None:
        key = key_of(item)
        old = self._objects.get(key)
        if item.metadata.uid in self._tombstones or (old is not None and version_of(item) <= version_of(old)):
            self._stale += 1
            return None
        for index in self._indexes.values():
            if old is not None:
                index.remove(key, old)
            index.add(key, item)
        self._objects[key] = item
        self._applied += 1
        return Changed(old, item)

    def _remove(self, key: Key, old: T) -> Changed[T]:
        del self._objects[key]
        for index in self._indexes.values():
            index.remove(key, old)
        self._deleted += 1
        return Changed(old, None)

    def statistics(self) -> Statistics:
        """Numbers since the start."""
        return Statistics(len(self._objects), self._applied, self._stale, self._deleted, len(self._tombstones), self._seen)
