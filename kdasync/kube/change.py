"""The five words of a list-watch, and the lines of the wire that they come from.

Source: Kubernetes API concepts, "Efficient detection of changes"; meta/v1 WatchEvent.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from kdasync.api.meta import Object, Wire
from kdasync.kube.wire import Status

T = TypeVar("T", bound=Object)
_INITIAL_END = "k8s.io/initial-events-end"


class Init(msgspec.Struct, frozen=True):
    """A new list begins: what is not in it is gone."""


class InitApply(msgspec.Struct, Generic[T], frozen=True):
    """An object of the list."""

    object: T


class InitDone(msgspec.Struct, frozen=True):
    """The list is complete, and shows the world as of `resource_version`."""

    resource_version: str


class Apply(msgspec.Struct, Generic[T], frozen=True):
    """An object was added or changed."""

    object: T


class Delete(msgspec.Struct, Generic[T], frozen=True):
    """An object was deleted, or left the selection; `object` is its last state."""

    object: T


Change = Init | InitApply[T] | InitDone | Apply[T] | Delete[T]


class _Meta(Wire, frozen=True):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Marked(Wire, frozen=True):
    metadata: _Meta = _Meta()


class Added(msgspec.Struct, Generic[T], frozen=True, tag_field="type", tag="ADDED"):
    """An ADDED line."""

    object: T


class Modified(msgspec.Struct, Generic[T], frozen=True, tag_field="type", tag="MODIFIED"):
    """A MODIFIED line."""

    object: T


class Deleted(msgspec.Struct, Generic[T], frozen=True, tag_field="type", tag="DELETED"):
    """A DELETED line."""

    object: T


class Bookmark(msgspec.Struct, frozen=True, tag_field="type", tag="BOOKMARK"):
    """A BOOKMARK line: everything up to its resourceVersion was sent. Its other fields are not filled in."""

    object: _Marked

    @property
    def resource_version(self) -> str:
        """Up to here."""
        return self.object.metadata.resource_version

    @property
    def ends_initial(self) -> bool:
        """The streaming list is complete."""
        return (self.object.metadata.annotations or {}).get(_INITIAL_END) == "true"


class Failed(msgspec.Struct, frozen=True, tag_field="type", tag="ERROR"):
    """An ERROR line."""

    object: Status


Told = Added[T] | Modified[T] | Deleted[T] | Bookmark
Line = Told[T] | Failed


def decoder(kind: type[T]) -> msgspec.json.Decoder[Line[T]]:
    """Reads one line of a watch; raises msgspec.DecodeError."""
    line = Added[kind] | Modified[kind] | Deleted[kind] | Bookmark | Failed  # type: ignore[valid-type]
    return msgspec.json.Decoder(line)
