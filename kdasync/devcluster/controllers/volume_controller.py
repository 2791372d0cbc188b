"""Runs the claims' decision, and starts devcluster with a default storage class."""

from __future__ import annotations

from kdasync.devcluster.controllers.caches import Caches, Index
from kdasync.devcluster.controllers.calls import CLAIM, POD, STORAGE_CLASS, VOLUME, Create, Document, Key, deleting, key_of
from kdasync.devcluster.controllers.claims import claims_used, decide_claim, decide_volume, default_class
from kdasync.devcluster.controllers.worker import Worker


def _volume_of(claim: Document) -> str:
    return claim["spec"].get("volumeName") or ""


class VolumeController:
    """Two workers: over claims and over volumes."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._claims = caches.of(CLAIM)
        self._volumes = caches.of(VOLUME)
        self._classes = caches.of(STORAGE_CLASS)
        self._users = Index(caches.of(POD), claims_used)
        self.claims: Worker[Key] = Worker(self._look_at_claim)
        self.volumes: Worker[Key] = Worker(self._look_at_volume)
        self._claims.on_change(self._claim_changed)
        self._volumes.on_change(self._volume_changed)
        self._classes.on_change(self._class_changed)
        caches.of(POD).on_change(self._pod_changed)

    async def begin(self) -> None:
        """Make the default class, unless classes exist."""
        if not self._classes.objects:
            await self._caches.perform([Create(STORAGE_CLASS, default_class())])

    def _claim_changed(self, old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.claims.add(key_of(new))
        elif old is not None and _volume_of(old):
            self.volumes.add(("", _volume_of(old)))

    def _volume_changed(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.volumes.add(key_of(new))

    def _class_changed(self, _old: Document | None, _new: Document | None) -> None:
        for claim in self._claims:
            if not _volume_of(claim):
                self.claims.add(key_of(claim))

    def _pod_changed(self, old: Document | None, new: Document | None) -> None:
        for key in claims_used(new or old or {}):
            claim = self._claims.get(key)
            if claim is not None and deleting(claim):
                self.claims.add(key)

    async def _look_at_claim(self, key: Key) -> None:
        claim = self._claims.get(key)
        if claim is not None:
            pods = self._users.get(key).values()
            await self._caches.perform(decide_claim(claim, classes=self._classes.objects, pods=pods))

    async def _look_at_volume(self, key: Key) -> None:
        volume = self._volumes.get(key)
        if volume is not None:
            await self._caches.perform(decide_volume(volume, claims=self._claims.objects))
