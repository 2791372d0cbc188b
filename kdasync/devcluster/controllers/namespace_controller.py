"""Runs the namespaces' decision whenever one changes or, while it is dying, something in it goes."""

from __future__ import annotations

from kdasync.devcluster.controllers.cache import Handler
from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import (
    EVENT,
    LEASE,
    NAMESPACE,
    SERVICE_ACCOUNT,
    Document,
    Key,
    Kind,
    delete,
    deleting,
    key_of,
    path_of,
)
from kdasync.devcluster.controllers.garbage import Item
from kdasync.devcluster.controllers.namespaces import decide, finished
from kdasync.devcluster.controllers.worker import Worker
from kdasync.errors import NotFound

_UNWATCHED = (EVENT, LEASE)  # without finalizers, so one request empties them


class NamespaceController:
    """One worker over all namespaces."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._namespaces = caches.of(NAMESPACE)
        self._accounts = caches.of(SERVICE_ACCOUNT)
        self.worker: Worker[Key] = Worker(self._look)
        self._namespaces.on_change(self._changed)

    def include(self, kind: Kind) -> None:
        """Empty dying namespaces of this kind too."""
        if kind.namespaced:
            self._caches.of(kind).on_change(self._content_changed(kind))

    def _changed(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.worker.add(key_of(new))

    def _content_changed(self, kind: Kind) -> Handler:
        account = (kind.group, kind.plural) == (SERVICE_ACCOUNT.group, SERVICE_ACCOUNT.plural)

        def changed(old: Document | None, new: Document | None) -> None:
            key = ("", key_of(new or old or {})[0])
            namespace = self._namespaces.get(key)
            if namespace is not None and (deleting(namespace) or (account and new is None)):
                self.worker.add(key)

        return changed

    async def _look(self, key: Key) -> None:
        namespace = self._namespaces.get(key)
        if namespace is None:
            return
        content = self._content(key[1]) if deleting(namespace) else []
        await self._caches.perform(decide(namespace, accounts=list(self._accounts.namespace(key[1])), content=content))
        body = finished(namespace, content)
        if body is not None:
            await self._finalize(key[1], body)

    async def _finalize(self, name: str, body: Document) -> None:
        wire = self._caches.wire
        for kind in _UNWATCHED:
            await wire.send("DELETE", path_of(kind, name))
        try:
            emptied = await wire.send("PUT", path_of(NAMESPACE, "", name, "finalize"), body)
        except NotFound:
            return
        await wire.perform(delete(NAMESPACE, emptied))  # whether the write above already removed it depends on the server

    def _content(self, name: str) -> list[Item]:
        return [
            Item(cache.kind, each)
            for cache in self._caches.all()
            for each in cache.namespace(name).values()
            if cache.kind.namespaced
        ]
