"""Runs the StatefulSet decision whenever a set, one of its pods or a deleted claim asks for it."""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.devcluster.controllers.caches import Caches, Index
from kdasync.devcluster.controllers.calls import CLAIM, POD, REVISION, STATEFUL_SET, Document, Key, key_of
from kdasync.devcluster.controllers.revision import revision_name
from kdasync.devcluster.controllers.statefulset import Seen, decide
from kdasync.devcluster.controllers.worker import Worker

_REST = 0.01  # a burst of ready pods is one status


def _set_of(document: Document) -> Iterable[Key]:
    """The set whose pod this would be by its name."""
    namespace, name = key_of(document)
    return ((namespace, name.rpartition("-")[0]),)


class StatefulSetController:
    """One worker over all sets."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._sets = caches.of(STATEFUL_SET)
        self._claims = caches.of(CLAIM)
        self._revisions = caches.of(REVISION)
        self._pods = Index(caches.of(POD), _set_of)
        self.worker: Worker[Key] = Worker(self._look, rest=_REST)
        self._sets.on_change(self._changed)
        caches.of(POD).on_change(self._pod_changed)
        self._claims.on_change(self._claim_changed)

    def _changed(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.worker.add(key_of(new))

    def _pod_changed(self, old: Document | None, new: Document | None) -> None:
        for key in _set_of(new or old or {}):
            if key in self._sets.objects:
                self.worker.add(key)

    def _claim_changed(self, old: Document | None, new: Document | None) -> None:
        if new is None and old is not None:
            for each in self._sets.namespace(key_of(old)[0]).values():
                if each["spec"].get("volumeClaimTemplates"):
                    self.worker.add(key_of(each))

    async def _look(self, key: Key) -> None:
        found = self._sets.get(key)
        if found is not None:
            await self._caches.perform(decide(self._seen(found)))

    def _seen(self, stateful_set: Document) -> Seen:
        namespace, name = key_of(stateful_set)
        names = [(stateful_set.get("status") or {}).get("currentRevision"), revision_name(stateful_set)]
        stored = [self._revisions.get((namespace, name)) for name in dict.fromkeys(names) if name]
        return Seen(
            stateful_set=stateful_set,
            pods={pod_name: pod for (_, pod_name), pod in self._pods.get((namespace, name)).items()},
            claims=self._claims.namespace(namespace),
            revisions=[revision for revision in stored if revision is not None],
        )
