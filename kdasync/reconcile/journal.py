"""The journal: what each machine did and why, one ConfigMap per cluster, readable with `kdasync history`.

Flow: steps are collected in RAM, and one write per burst appends them to a ring of `settings.journal_limit` bytes. Guarantees: it is a
barrier for nothing and watched by nobody; a record that could not be written is dropped, and the gap is marked. Assumptions: the
ConfigMap belongs to the cluster by owner reference and goes with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.meta import ObjectMeta, OwnerReference
from kdasync.api.workloads import ConfigMap
from kdasync.errors import AlreadyExists, KdasyncError, NotFound
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.resource import CONFIG_MAPS
from kdasync.reconcile.conditions import rfc3339
from kdasync.reconcile.draft import Record
from kdasync.render import keys, names
from kdasync.settings import Settings

FIELD = "journal.jsonl"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: when (RFC 3339), who (a pod, empty for the cluster), the trigger, the states, and why.

    Attributes:
        facts: what held at that moment.
        asks: what the edge asked for.
        lasted: seconds that the state that was left had lasted.
        reason, detail: of a failure.
        gap: lines that are missing before this one.
    """

    time: str
    trigger: str
    source: str
    dest: str
    member: str = ""
    facts: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    lasted: float = 0
    reason: str = ""
    detail: str = ""
    gap: int = 0


class _Pending:
    """Lines of one cluster that are not written yet, and the text that is."""

    __slots__ = ("cluster", "gap", "lines", "text")

    def __init__(self, cluster: KubeDirectorCluster) -> None:
        self.cluster = cluster
        self.lines: list[Line] = []
        self.text: str | None = None
        self.gap = 0


class Journal:
    """All journals. `now` gives seconds since the epoch."""

    def __init__(
        self, client: Client, settings: Settings, *, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._client = client
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._pending: dict[str, _Pending] = {}

    def note(self, cluster: KubeDirectorCluster, records: tuple[Record, ...]) -> None:
        """Remember steps; they are written with the next burst."""
        pending = self._pending.setdefault(cluster.metadata.uid, _Pending(cluster))
        pending.cluster = cluster
        pending.lines += [_line(record, self._now()) for record in records]

    def forget(self, uid: str) -> None:
        """The cluster is gone, and its ConfigMap with it."""
        self._pending.pop(uid, None)

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._sleep(self._settings.journal_flush)
            await self.flush()

    async def flush(self) -> None:
        """Write what is pending, one request per cluster."""
        for uid in [uid for uid, pending in self._pending.items() if pending.lines]:
            pending = self._pending.get(uid)
            if pending is None:
                continue
            lines, pending.lines = pending.lines, []
            try:
                await self._append(pending, lines)
            except KdasyncError:
                pending.gap += len(lines)

    async def _append(self, pending: _Pending, lines: list[Line]) -> None:
        meta = pending.cluster.metadata
        name = names.journal(pending.cluster)
        written = await self._stored(meta.namespace, name) if pending.text is None else pending.text
        first = msgspec.structs.replace(lines[0], gap=pending.gap)
        added = "".join(msgspec.json.encode(line).decode() + "\n" for line in (first, *lines[1:]))
        text = ring((written or "") + added, self._settings.journal_limit)
        if written is None:
            await self._create(pending.cluster, name, text)
        else:
            await self._amend(pending.cluster, name, text)
        pending.text = text
        pending.gap = 0

    async def _stored(self, namespace: str, name: str) -> str | None:
        """What the ConfigMap holds; None if there is none."""
        try:
            return (await self._client.get(CONFIG_MAPS, namespace, name)).data.get(FIELD, "")
        except NotFound:
            return None

    async def _amend(self, cluster: KubeDirectorCluster, name: str, text: str) -> None:
        body = msgspec.json.encode({"data": {FIELD: text}})
        try:
            await self._client.patch(CONFIG_MAPS, cluster.metadata.namespace, name, body, content_type=MERGE_PATCH)
        except NotFound:
            await self._create(cluster, name, text)

    async def _create(self, cluster: KubeDirectorCluster, name: str, text: str) -> None:
        meta = cluster.metadata
        owner = OwnerReference(
            api_version=keys.API_VERSION, kind=keys.KIND, name=meta.name, uid=meta.uid, controller=True, block_owner_deletion=False
        )
        body = ConfigMap(
            api_version="v1",
            kind="ConfigMap",
            metadata=ObjectMeta(name=name, namespace=meta.namespace, labels={keys.CLUSTER: meta.name}, owner_references=[owner]),
            data={FIELD: text},
        )
        try:
            await self._client.create(CONFIG_MAPS, meta.namespace, msgspec.json.encode(body))
        except AlreadyExists:
            return


def ring(text: str, limit: int) -> str:
    """The newest whole lines that fit into `limit` bytes."""
    if len(text) <= limit:
        return text
    cut = text[-limit:]
    return cut[cut.index("\n") + 1 :] if "\n" in cut else ""


def _line(record: Record, now: float) -> Line:
    edge = record.step.edge
    return Line(
        time=rfc3339(now),
        trigger=edge.trigger,
        source=edge.source,
        dest=edge.dest,
        member=record.member,
        facts=record.facts,
        asks=tuple(op.value for op in edge.emit),
        lasted=round(record.lasted, 3),
        reason=record.reason,
        detail=record.detail,
    )
