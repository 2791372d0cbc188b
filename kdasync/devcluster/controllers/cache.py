"""What a controller knows of one kind: the latest document of each object, and who wants to hear of changes.

Why `learn`: the answer to a write is newer than the cache. Taking it in at once keeps a controller from deciding on what it has
just changed itself, so that it never asks twice for the same thing.

Guarantees: handlers run in the order in which they were added, once per change, after the cache has changed; they must not block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kdasync.devcluster.controllers.calls import Document, Key, Kind, key_of, uid_of
from kdasync.devcluster.controllers.wire import Watched

Handler = Callable[[Document | None, Document | None], None]  # old and new; None = was not, is not


class Cache:
    """All objects of one kind, in order of their arrival."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.objects: dict[Key, Document] = {}
        self.synced = False
        self._by_namespace: dict[str, dict[str, Document]] = {}
        self._handlers: list[Handler] = []

    def on_change(self, handler: Handler) -> None:
        """Call `handler(old, new)` for every change from now on."""
        self._handlers.append(handler)

    def get(self, key: Key) -> Document | None:
        """The object, None if there is none."""
        return self.objects.get(key)

    def namespace(self, name: str) -> dict[str, Document]:
        """The objects of one namespace by name. Not to be changed."""
        return self._by_namespace.get(name, {})

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self.objects.values()))

    def tell(self, news: Watched) -> None:
        """Take in what a watch brought."""
        if news.replace:
            present = {key_of(item) for item in news.items}
            for key in [key for key in self.objects if key not in present]:
                self._drop(self.objects[key])
            self.synced = True
        for item in news.items:
            if news.gone:
                self._drop(item)
            else:
                self.learn(item)

    def learn(self, document: Document) -> None:
        """Take in an object unless a newer version is known."""
        key = key_of(document)
        old = self.objects.get(key)
        if old is not None and _version(old) >= _version(document):
            return
        self.objects[key] = document
        self._by_namespace.setdefault(key[0], {})[key[1]] = document
        self._call(old, document)

    def _drop(self, document: Document) -> None:
        key = key_of(document)
        old = self.objects.get(key)
        if old is None or (uid_of(old) != uid_of(document) and _version(old) > _version(document)):
            return
        del self.objects[key]
        del self._by_namespace[key[0]][key[1]]
        self._call(old, None)

    def _call(self, old: Document | None, new: Document | None) -> None:
        for handler in self._handlers:
            handler(old, new)


def _version(document: Document) -> int:
    return int(document["metadata"]["resourceVersion"])
