"""Secondary keys of a store: which objects belong to a cluster, which to an owner.

Why: reconcile asks for the objects of one cluster, thousands of times a second; scanning all would be quadratic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from kdasync.api.meta import Object

T = TypeVar("T", bound=Object)
Key = tuple[str, str]  # namespace, name
Function = Callable[[T], Iterable[str]]

CLUSTER_LABEL = "kubedirector.hpe.com/kdcluster"


def by_cluster(item: Object) -> tuple[str, ...]:
    """`namespace/cluster` of an object that carries the cluster label."""
    name = item.metadata.labels.get(CLUSTER_LABEL)
    return (f"{item.metadata.namespace}/{name}",) if name else ()


def by_owner(item: Object) -> tuple[str, ...]:
    """UIDs of all owners."""
    return tuple(owner.uid for owner in item.metadata.owner_references)


class Index(Generic[T]):
    """Keys of objects by value of one function, in the order of first appearance."""

    __slots__ = ("_function", "_keys")

    def __init__(self, function: Function[T]) -> None:
        self._function = function
        self._keys: dict[str, dict[Key, None]] = {}

    def add(self, key: Key, item: T) -> None:
        """Enter an object."""
        for value in self._function(item):
            self._keys.setdefault(value, {})[key] = None

    def remove(self, key: Key, item: T) -> None:
        """Take an object out, by the values that it was entered with."""
        for value in self._function(item):
            keys = self._keys.get(value, {})
            keys.pop(key, None)
            if not keys:
                self._keys.pop(value, None)

    def get(self, value: str) -> tuple[Key, ...]:
        """Keys of the objects that have `value`."""
        return tuple(self._keys.get(value, ()))
