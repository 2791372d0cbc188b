"""KubeDirector's own lock: while it is fresh, the Go operator is alive, and two operators on one cluster would undo each other's writes.

Why a ConfigMap: KubeDirector's controller-runtime knew no Lease. It renews an annotation of `kubedirector-lock` every two seconds and
leaves it behind when it ends.

Flow: `hindrance` reads the lock; it counts as dead once it has not changed for its own duration on our clock, or at once if its text
is older than any two clocks of a cluster differ. A live one is told as an Event about the ConfigMap, which `kubectl describe` shows.

Assumptions: both operators run in the same namespace, as KubeDirector's deployment and ours do.
Source: spec/kubedirector-runtime 5.1; client-go LeaderElectionRecord.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from kdasync.errors import NotFound
from kdasync.kube.client import Client
from kdasync.kube.events import WARNING, Recorder, reference
from kdasync.kube.resource import CONFIG_MAPS

LOCK = "kubedirector-lock"
ANNOTATION = "control-plane.alpha.kubernetes.io/leader"
_LONG_AGO = 600.0  # seconds


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """The annotation's JSON."""

    holder_identity: str = ""
    lease_duration_seconds: int = 15
    renew_time: datetime = datetime.fromtimestamp(0, UTC)


class Predecessor:
    """Watches KubeDirector's lock in one namespace; `clock` is monotonic, `now` seconds since the epoch."""

    def __init__(
        self, client: Client, recorder: Recorder, *, namespace: str, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._client = client
        self._recorder = recorder
        self._namespace = namespace
        self._clock = clock
        self._now = now
        self._seen = Record()
        self._seen_at = 0.0
        self._told = ""

    async def hindrance(self) -> str:
        """Who is in the way and what to do, empty if nobody is. Raises ApiError and TransportError."""
        try:
            lock = await self._client.get(CONFIG_MAPS, self._namespace, LOCK)
        except NotFound:
            return ""
        record = _read(lock.metadata.annotations.get(ANNOTATION, ""))
        if not self._alive(record):
            return ""
        text = (
            f"KubeDirector still runs: {record.holder_identity} holds ConfigMap {self._namespace}/{LOCK}. "
            f"Scale its Deployment to 0; kdasync takes over within {record.lease_duration_seconds} s."
        )
        if text != self._told:
            self._told = text
            about = reference(lock, api_version=CONFIG_MAPS.api_version, kind=CONFIG_MAPS.kind)
            self._recorder.record(about, type=WARNING, reason="KubeDirectorStillRuns", action="LeaderElection", message=text)
        return text

    def _alive(self, record: Record) -> bool:
        if not record.holder_identity or self._now() - record.renew_time.timestamp() > _LONG_AGO:
            return False
        if record != self._seen:
            self._seen, self._seen_at = record, self._clock()
        return self._clock() - self._seen_at < record.lease_duration_seconds


def _read(text: str) -> Record:
    """What cannot be read is nobody's."""
    try:
        return msgspec.json.decode(text, type=Record)
    except msgspec.DecodeError:
        return Record()
