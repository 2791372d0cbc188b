"""Writes pod statuses, and an Event for each new trouble: one patch per change at most, changes that come together folded into one.

Guarantees: a status that equals the last one written is not written; a pod that is another one by now (UID) is left alone; while the
node is partitioned nothing is written, afterwards everything is.
"""

from __future__ import annotations

from collections.abc import Callable

from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import EVENT, POD, Create, Document, Patch, key_of, uid_of
from kdasync.devcluster.controllers.worker import Worker
from kdasync.devcluster.node.record import PodRecord
from kdasync.devcluster.node.status import pod_status
from kdasync.devcluster.node.trouble import Trouble, event, troubles_of
from kdasync.errors import Conflict

_REST = 0.01  # what a starting pod goes through in one breath is one write


class Reporter:
    """The node's status writer.

    Args:
        timestamp: the time as RFC 3339 text.
        host_ip: the node's address.
    """

    def __init__(self, caches: Caches, *, timestamp: Callable[[], str], host_ip: str) -> None:
        self.connected = True
        self.worker: Worker[str] = Worker(self._look, rest=_REST)
        self._caches = caches
        self._timestamp = timestamp
        self._host_ip = host_ip
        self._records: dict[str, PodRecord] = {}
        self._written: dict[str, Document] = {}
        self._told: dict[str, dict[Trouble, None]] = {}

    def changed(self, record: PodRecord) -> None:
        """Write its status soon."""
        uid = uid_of(record.document)
        self._records[uid] = record
        self.worker.add(uid)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._records.pop(uid, None)
        self._written.pop(uid, None)
        self._told.pop(uid, None)

    def reconnect(self) -> None:
        """Write everything again: others may have written meanwhile."""
        self.connected = True
        self._written.clear()
        for uid in self._records:
            self.worker.add(uid)

    async def flush(self, record: PodRecord) -> None:
        """Write its status now."""
        self._records[uid_of(record.document)] = record
        await self._look(uid_of(record.document))

    async def _look(self, uid: str) -> None:
        record = self._records.get(uid)
        if record is None or not self.connected:
            return
        status = pod_status(record, now=self._timestamp(), host_ip=self._host_ip)
        last = self._written.get(uid, {})
        if status == last:
            return
        gone = {key: None for key in last if key not in status}
        body = {"metadata": {"uid": uid}, "status": {**status, **gone}}
        try:
            await self._caches.perform([Patch(POD, key_of(record.document), body, "status")])
        except Conflict:  # the name belongs to another pod by now
            self.forget(uid)
        else:
            self._written[uid] = status
            await self._warn(uid, record)

    async def _warn(self, uid: str, record: PodRecord) -> None:
        """One Event per trouble of a pod, the first time it comes up."""
        told = self._told.setdefault(uid, {})
        for trouble in troubles_of(record):
            if trouble not in told:
                told[trouble] = None
                body = event(record, trouble, now=self._timestamp(), number=len(told))
                await self._caches.wire.perform(Create(EVENT, body))
