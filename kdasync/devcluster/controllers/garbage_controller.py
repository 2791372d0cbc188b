"""The garbage collector: owner references over every served kind.

Flow: every change of any object updates who owns whom; what may have to go, or to be let go, is looked at once. An owner that is in no
cache is asked for at the API server before anything is deleted; the answer "gone" is remembered, for a UID never comes back.

Guarantees: an owner of a kind that is not served counts as alive; idle means no request.
"""

from __future__ import annotations

from kdasync.devcluster.controllers.cache import Cache, Handler
from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import Document, Kind, deleting, key_of, uid_of
from kdasync.devcluster.controllers.garbage import Item, decide
from kdasync.devcluster.controllers.worker import Worker


def _owner_uids(document: Document | None) -> list[str]:
    if document is None:
        return []
    return [reference["uid"] for reference in document["metadata"].get("ownerReferences") or ()]


class GarbageController:
    """One worker over all objects that own or are owned, by UID."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._items: dict[str, Item] = {}
        self._dependents: dict[str, dict[str, Item]] = {}
        self._gone: dict[str, None] = {}
        self.worker: Worker[str] = Worker(self._look)

    def include(self, kind: Kind) -> Cache:
        """Collect objects of this kind too."""
        cache = self._caches.of(kind)
        handler = self._handler(kind)
        for document in cache:
            handler(None, document)
        cache.on_change(handler)
        return cache

    def _handler(self, kind: Kind) -> Handler:
        def changed(old: Document | None, new: Document | None) -> None:
            if old is not None and (new is None or uid_of(old) != uid_of(new)):
                self._removed(old)
            if new is not None:
                self._present(Item(kind, new), old)

        return changed

    def _removed(self, document: Document) -> None:
        uid = uid_of(document)
        self._items.pop(uid, None)
        self._unlink(uid, _owner_uids(document))
        for dependent in self._dependents.get(uid, {}):
            self.worker.add(dependent)

    def _present(self, item: Item, old: Document | None) -> None:
        uid = uid_of(item.document)
        self._unlink(uid, _owner_uids(old))
        self._items[uid] = item
        for owner in _owner_uids(item.document):
            self._dependents.setdefault(owner, {})[uid] = item
        if item.owners or deleting(item.document):
            self.worker.add(uid)
        if deleting(item.document):
            for dependent in self._dependents.get(uid, {}):
                self.worker.add(dependent)

    def _unlink(self, uid: str, owners: list[str]) -> None:
        for owner in owners:
            group = self._dependents.get(owner, {})
            group.pop(uid, None)
            if not group:
                self._dependents.pop(owner, None)
            if owner in self._items and deleting(self._items[owner].document):
                self.worker.add(owner)

    async def _look(self, uid: str) -> None:
        item = self._items.get(uid)
        if item is None:
            return
        alive = [reference["uid"] for reference in item.owners if await self._alive(item, reference)]
        owners = [self._items[owner] for owner in alive if owner in self._items]
        dependents = list(self._dependents.get(uid, {}).values())
        await self._caches.perform(decide(item, alive=alive, dependents=dependents, owners=owners))

    async def _alive(self, item: Item, reference: Document) -> bool:
        uid = str(reference["uid"])
        if uid in self._items or uid in self._gone:
            return uid in self._items
        kind = self._kind(reference)
        if kind is None:
            return True
        namespace = key_of(item.document)[0] if kind.namespaced else ""
        found = await self._caches.wire.get(kind, namespace, reference["name"])
        if found is not None and uid_of(found) == uid:
            return True
        self._gone[uid] = None
        return False

    def _kind(self, reference: Document) -> Kind | None:
        for cache in self._caches.all():
            if (cache.kind.api_version, cache.kind.kind) == (reference["apiVersion"], reference["kind"]):
                return cache.kind
        return None
