"""Whoever is told of every pass: metrics, Kubernetes Events, the journal, the log. Nothing here can fail a pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.kube.events import Recorder, reference
from kdasync.reconcile.draft import Record
from kdasync.reconcile.journal import Journal
from kdasync.reconcile.plan import Plan
from kdasync.render import keys
from kdasync.telemetry.logging import logger
from kdasync.telemetry.metrics import Metrics
from statemachines.cluster import CLUSTER
from statemachines.member import MEMBER

Listener = Callable[[KubeDirectorCluster, Record], None]
"""Is told of every step; for a live view. It must not raise."""


class Telling:
    """Tells everybody. `now` gives seconds since the epoch."""

    def __init__(
        self,
        metrics: Metrics,
        recorder: Recorder,
        journal: Journal | None,
        *,
        now: Callable[[], float],
        listener: Listener | None = None,
    ) -> None:
        self._metrics = metrics
        self._recorder = recorder
        self._journal = journal
        self._now = now
        self._listener = listener
        self._log = logger("reconcile")
        self._states: dict[str, tuple[str, Counter[str]]] = {}
        self._clusters: Counter[str] = Counter()
        self._members: Counter[str] = Counter()

    def stepped(self, cluster: KubeDirectorCluster, records: tuple[Record, ...], plan: Plan) -> None:
        """Count, log and announce the steps of a pass."""
        meta = cluster.metadata
        for record in records:
            edge = record.step.edge
            self._metrics.transition(record.step, record.lasted)
            self._log.info(
                "transition",
                cluster=f"{meta.namespace}/{meta.name}",
                member=record.member,
                machine=record.step.machine,
                source=edge.source,
                trigger=edge.trigger,
                dest=edge.dest,
            )
            if edge.event:
                self._announce(cluster, record)
            if self._listener is not None:
                self._listener(cluster, record)
        if self._journal is not None:
            self._journal.note(cluster, records)
        self._count(meta.uid, plan)

    def committed(self, cluster: KubeDirectorCluster, *, woken: float) -> None:
        """A status was written."""
        del cluster
        self._metrics.status_writes.inc()
        self._metrics.lag.observe(max(0.0, self._now() - woken))

    def forgotten(self, uid: str) -> None:
        """A cluster is gone."""
        self._count(uid, None)
        if self._journal is not None:
            self._journal.forget(uid)

    def _announce(self, cluster: KubeDirectorCluster, record: Record) -> None:
        kind, reason = record.step.edge.event.split(" ")
        if kind == "Warning" and record.member:
            self._metrics.failure(record.reason or record.step.dest)
        state = (MEMBER if record.member else CLUSTER).state[record.step.dest]
        subject = f"member {record.member}" if record.member else "cluster"
        detail = f": {record.detail}" if record.detail and kind == "Warning" else ""
        self._recorder.record(
            reference(cluster, api_version=keys.API_VERSION, kind=keys.KIND),
            type=kind,
            reason=reason,
            action=record.step.trigger.title().replace("_", ""),
            message=f"{subject}: {record.step.source} -> {state.id} ({record.step.trigger}){detail}",
        )

    def _count(self, uid: str, plan: Plan | None) -> None:
        """Take the cluster's old states out of the census and its new ones in."""
        state, members = self._states.pop(uid, ("", Counter[str]()))
        self._clusters[state] -= 1
        self._members.subtract(members)
        if plan is not None:
            self._states[uid] = (plan.memory.state, Counter(member.state for member in plan.memory.members))
            self._clusters[plan.memory.state] += 1
            self._members.update(self._states[uid][1])
        self._metrics.population("cluster", self._clusters)
        self._metrics.population("member", self._members)
