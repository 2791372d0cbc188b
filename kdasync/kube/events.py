"""Kubernetes Events about our objects, for people who run `kubectl describe`.

Why a recorder: an Event is worth a note, not a failure. A reconcile only drops it here; sending is another task's work.

Flow: `record` folds repetitions of (object, reason, note) within 10 minutes into one series; `run` creates an Event for the first and
then writes the series' count, at most once a minute.

Guarantees: `record` never waits and never fails; at most 1,000 series are kept, and what does not fit, or the server refuses, is
dropped and counted in `statistics`.

Assumptions: the server forgets Events by itself (after an hour by default). Source: API reference, events.k8s.io/v1 Event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from kdasync.api.meta import Object, ObjectMeta, Wire
from kdasync.errors import KdasyncError
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.resource import EVENTS
from kdasync.kube.wire import Event, EventSeries, ObjectReference

NORMAL = "Normal"
WARNING = "Warning"
_SERIES_SECONDS = 600.0
_REFRESH_SECONDS = 60.0
_TICK = 0.001  # an event loop fires a timer up to its clock's resolution early
_CAPACITY = 1000
_NOTE = 1024  # bytes the API server accepts
_CLUSTER_SCOPED = "default"  # where Events about objects without a namespace go


class Statistics(NamedTuple):
    """Numbers since the start."""

    recorded: int
    sent: int
    dropped: int
    series: int  # kept now


class _Series:
    """One Event and how often it happened; `sent` is the count that the server knows."""

    __slots__ = ("count", "event", "last", "sent", "sent_at")

    def __init__(self, event: Event, now: float) -> None:
        self.event = event
        self.count = 1
        self.sent = 0
        self.sent_at = -_REFRESH_SECONDS
        self.last = now

    def due_at(self) -> float | None:
        """When its count may be written, None if the server knows it."""
        return self.sent_at + _REFRESH_SECONDS if self.count > self.sent else None


class _Patch(Wire, frozen=True):
    series: EventSeries


_Key = tuple[ObjectReference, str, str]


def reference(item: Object, *, api_version: str, kind: str) -> ObjectReference:
    """Reference to an object; items of a list carry no kind of their own."""
    meta = item.metadata
    return ObjectReference(api_version=api_version, kind=kind, namespace=meta.namespace, name=meta.name, uid=meta.uid)


def micro_time(seconds: float) -> str:
    """A MicroTime, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _shorten(note: str) -> str:
    return note.encode()[:_NOTE].decode(errors="ignore")


class Recorder:
    """The recorder.

    Args:
        client: for writing.
        controller: our name, e.g. `kubedirector.hpe.com/kdasync`.
        instance: of this process, e.g. the pod's name.
        clock: seconds on the loop's clock (`loop.time`).
        now: seconds since the epoch.
        capacity: series kept.
    """

    def __init__(
        self,
        client: Client,
        *,
        controller: str,
        instance: str,
        clock: Callable[[], float],
        now: Callable[[], float],
        capacity: int = _CAPACITY,
    ) -> None:
        self._client = client
        self._controller = controller
        self._instance = instance
        self._clock = clock
        self._now = now
        self._capacity = capacity
        self._series: dict[_Key, _Series] = {}
        self._woken = asyncio.Event()
        self._recorded = 0
        self._sent = 0
        self._dropped = 0

    def record(self, about: ObjectReference, *, type: str, reason: str, action: str, message: str) -> None:  # noqa: A002
        """Note that something happened; `reason` and `action` are CamelCase words, `type` is NORMAL or WARNING."""
        self._recorded += 1
        key = (about, reason, message)
        known = self._series.get(key)
        if known is not None and self._clock() - known.last < _SERIES_SECONDS:
            known.count += 1
            known.last = self._clock()
        elif not self._has_room():
            self._dropped += 1
            return
        else:
            self._series[key] = _Series(self._event(about, type, reason, action, message), self._clock())
        self._woken.set()

    def _has_room(self) -> bool:
        if len(self._series) < self._capacity:
            return True
        horizon = self._clock() - _SERIES_SECONDS
        self._series = {key: series for key, series in self._series.items() if series.last > horizon or series.due_at() is not None}
        return len(self._series) < self._capacity

    def _event(self, about: ObjectReference, kind: str, reason: str, action: str, note: str) -> Event:
        stamp = self._now()
        name = f"{about.name[:200]}.{int(stamp * 1e6):x}.{self._recorded:x}"
        return Event(
            api_version=EVENTS.api_version,
            kind=EVENTS.kind,
            metadata=ObjectMeta(name=name, namespace=about.namespace or _CLUSTER_SCOPED),
            event_time=micro_time(stamp),
            type=kind,
            reason=reason,
            action=action,
            note=_shorten(note),
            reporting_controller=self._controller,
            reporting_instance=self._instance,
            regarding=about,
        )

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._woken.clear()
            due = [(at, key) for key, series in self._series.items() if (at := series.due_at()) is not None]
            ready = [key for at, key in due if at <= self._clock() + _TICK]
            for key in ready:
                await self._send(key)
            if not ready:
                await self._wait(min((at for at, _ in due), default=None))

    async def _wait(self, when: float | None) -> None:
        try:
            async with asyncio.timeout_at(when):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _send(self, key: _Key) -> None:
        series = self._series.get(key)
        if series is None:
            return
        series.sent_at, count = self._clock(), series.count
        try:
            await self._write(series, count)
        except KdasyncError:
            self._dropped += count - series.sent
            self._series.pop(key, None)  # the next one of its kind starts afresh
        else:
            series.sent = count
            self._sent += 1

    async def _write(self, series: _Series, count: int) -> None:
        meta = series.event.metadata
        if series.sent == 0:
            await self._client.create(EVENTS, meta.namespace, msgspec.json.encode(series.event))
            if count == 1:
                return
        body = msgspec.json.encode(_Patch(series=EventSeries(count=count, last_observed_time=micro_time(self._now()))))
        await self._client.patch(EVENTS, meta.namespace, meta.name, body, content_type=MERGE_PATCH)

    def statistics(self) -> Statistics:
        """Numbers since the start."""
        return Statistics(self._recorded, self._sent, self._dropped, len(self._series))
