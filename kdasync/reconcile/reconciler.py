"""One pass for one cluster: observe, decide, commit, perform. The queue guarantees that a cluster has one pass at a time.

Flow: the memory is loaded once, by a live read if the status holds one; each pass steps it in RAM; what must be remembered before an
effect is committed at once, projections are folded for `settings.status_rest` seconds; then the calls follow.

Guarantees: no call that depends on a commit is made before the commit is acknowledged; after a lost or refused commit the memory is
dropped and loaded again; a pass awaits nothing longer than one API call.

Assumptions: all stores are synced before the first pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from kdasync.api.cluster import ClusterStatus, KubeDirectorCluster
from kdasync.api.memory import Memory
from kdasync.errors import DefinitionError, StaleMemory
from kdasync.guest.order import Outcome
from kdasync.kube.client import Client
from kdasync.kube.resource import CLUSTERS
from kdasync.reconcile.commit import Committer
from kdasync.reconcile.decide import decide
from kdasync.reconcile.draft import Chance, Record
from kdasync.reconcile.jobs import Jobs, Target
from kdasync.reconcile.load import load
from kdasync.reconcile.observe import Definitions, observe
from kdasync.reconcile.orders import Orders
from kdasync.reconcile.perform import Performer
from kdasync.reconcile.plan import Amend, Annotate, Create, Delete, Deliver, Plan, SetReplicas
from kdasync.reconcile.project import project
from kdasync.reconcile.snapshot import Snapshot
from kdasync.reconcile.stores import Stores
from kdasync.settings import Settings
from kdasync.workqueue.runner import Again, Done, Result
from statemachines.cluster import DELETING, GONE

Key = tuple[str, str]


class Witness(Protocol):
    """Told of every pass, for metrics, events and the journal; must not raise or wait."""

    def stepped(self, cluster: KubeDirectorCluster, records: tuple[Record, ...], plan: Plan) -> None:
        """Steps that were taken, once they count (committed or in need of no commit)."""
        ...

    def committed(self, cluster: KubeDirectorCluster, *, woken: float) -> None:
        """A status was written for a pass whose oldest unreported event came at `woken` (seconds since the epoch)."""
        ...

    def forgotten(self, uid: str) -> None:
        """The cluster is gone."""
        ...


class _Context:
    """What is kept of a cluster between passes."""

    __slots__ = ("known", "memory", "owed", "problem", "records", "reported", "uid", "written_at")

    def __init__(self, uid: str, memory: Memory, known: str) -> None:
        self.uid = uid
        self.memory = memory
        self.known = known
        self.reported: ClusterStatus | None = None
        self.written_at = 0.0
        self.owed = False
        self.records: tuple[Record, ...] = ()
        self.problem: DefinitionError | None = None


class Reconciler:
    """All passes. `now` gives seconds since the epoch; `follows`: somebody else may have worked until just now."""

    def __init__(
        self,
        *,
        settings: Settings,
        client: Client,
        stores: Stores,
        jobs: Jobs,
        orders: Orders,
        committer: Committer,
        witness: Witness,
        chance: Chance,
        now: Callable[[], float],
        wake: Callable[[Key], None],
        follows: bool = False,
    ) -> None:
        self._wake = wake
        self._inherited = {cluster.metadata.uid for cluster in stores.clusters} if follows else set()
        self._settings = settings
        self._client = client
        self._stores = stores
        self._jobs = jobs
        self._orders = orders
        self._committer = committer
        self._performer = Performer(client, stores)
        self._witness = witness
        self._chance = chance
        self._now = now
        self._contexts: dict[Key, _Context] = {}
        self._definitions = Definitions()
        self._woken: dict[Key, float] = {}

    def notice(self, key: Key) -> None:
        """An event about the cluster has been received: the lag until its status is written is measured from here."""
        self._woken.setdefault(key, self._now())

    async def reconcile(self, key: Key) -> Result:
        """One pass."""
        cluster = self._stores.clusters.get(*key)
        context = self._contexts.get(key)
        if context is not None and (cluster is None or cluster.metadata.uid != context.uid):
            self._forget(key, context)
            context = None
        if cluster is None:
            return Done()
        if context is None:
            cluster, context = await self._load(cluster)
            self._contexts[key] = context
        try:
            return await self._pass(key, cluster, context)
        except StaleMemory:
            self._contexts.pop(key, None)
            raise

    def memory(self, key: Key) -> Memory | None:
        """The memory of a cluster as it is now, for the debug page and tests."""
        context = self._contexts.get(key)
        return context.memory if context else None

    def _forget(self, key: Key, context: _Context) -> None:
        del self._contexts[key]
        self._jobs.retain(context.uid, ())
        self._definitions.forget(context.uid)
        self._witness.forgotten(context.uid)

    async def _load(self, cluster: KubeDirectorCluster) -> tuple[KubeDirectorCluster, _Context]:
        """A status in the store may be old: what it says of side effects must be read live.

        Without one there is nothing to read, unless another operator may have written it since; if it did so unseen by us even to a
        cluster that was not there when we began, the first commit is refused.
        """
        if cluster.metadata.uid in self._inherited or (cluster.status is not None and cluster.status.generation_uid):
            cluster = await self._client.get(CLUSTERS, cluster.metadata.namespace, cluster.metadata.name)
            self._stores.clusters.apply(cluster)
        known = cluster.status.generation_uid if cluster.status else ""
        context = _Context(cluster.metadata.uid, load(cluster, now=self._now()), known)
        context.reported = cluster.status
        return cluster, context

    async def _pass(self, key: Key, cluster: KubeDirectorCluster, context: _Context) -> Result:
        policy = cluster.spec.kdasync
        snapshot = self._observe(cluster, context)
        if policy is not None and policy.paused and not cluster.metadata.deletion_timestamp:
            return await self._report(key, snapshot, context)
        self._check_fence(snapshot, context)
        plan = decide(snapshot, context.memory, self._chance)
        self._jobs.retain(context.uid, plan.live)
        for action in plan.before:
            if isinstance(action, Annotate):
                changed = await self._performer.annotate(snapshot.cluster, action)
                if changed is None:
                    return Again(self._settings.backoff_first)
                cluster = changed
                known = msgspec.structs.replace(snapshot.cluster, metadata=changed.metadata)  # fenced: nothing else changed
                snapshot = msgspec.structs.replace(snapshot, cluster=known)
        context.memory = plan.memory
        context.owed = context.owed or plan.urgent
        context.records += plan.records
        rest = await self._write(key, snapshot, context)
        records, context.records = context.records, ()
        if records:
            self._witness.stepped(cluster, records, plan)
        await self._act(key, snapshot, context, plan)
        return self._next(context, plan, rest)

    def _observe(self, cluster: KubeDirectorCluster, context: _Context) -> Snapshot:
        return observe(
            self._stores,
            self._settings,
            cluster,
            now=self._now(),
            jobs=self._jobs.views(context.uid),
            problem=context.problem,
            definitions=self._definitions,
        )

    def _check_fence(self, snapshot: Snapshot, context: _Context) -> None:
        """A guest that has seen a newer order than ours says that another operator is at work."""
        if any(job.result is not None and job.result.outcome is Outcome.STALE for job in snapshot.jobs.values()):
            self._jobs.retain(context.uid, ())
            raise StaleMemory(f"{snapshot.cluster.metadata.name}: a guest has seen a newer order; the status is read again")

    async def _report(self, key: Key, snapshot: Snapshot, context: _Context) -> Result:
        rest = await self._write(key, snapshot, context)
        return Again(rest) if rest else Done()

    async def _write(self, key: Key, snapshot: Snapshot, context: _Context) -> float:
        """Write the status if it must be, or may be again; returns the seconds to rest before it may, 0 if nothing is left.

        What is owed (an intent that was not acknowledged yet) raises out of the pass if it fails, so nothing acts on it.
        """
        status = project(snapshot, context.memory)
        if context.memory.state in (DELETING, GONE) or not _worth(status, context.reported):
            self._woken.pop(key, None)
            return 0.0
        now = self._now()
        rest = context.written_at + self._settings.status_rest - now
        if not context.owed and rest > 0:
            return rest
        woken = self._woken.pop(key, now)
        written = await self._committer.commit(snapshot.cluster, status, known=context.known)
        context.owed = False
        context.written_at = self._now()
        context.known = written.status.generation_uid if written.status else ""
        before, context.reported = context.reported, status
        self._stores.clusters.apply(written)
        self._witness.committed(written, woken=woken)
        self._tell_dependants(key, before, status)
        return 0.0

    def _tell_dependants(self, key: Key, before: ClusterStatus | None, status: ClusterStatus) -> None:
        """Clusters that are connected to this one: the watch is silent about what our own write has put into the store."""
        if before is None or (before.state, before.spec_generation_to_process) != (status.state, status.spec_generation_to_process):
            for dependant in self._stores.connected_to("KubeDirectorCluster", *key):
                self._wake(dependant)

    async def _act(self, key: Key, snapshot: Snapshot, context: _Context, plan: Plan) -> None:
        before, context.problem = context.problem, None
        for action in plan.actions:
            if isinstance(action, Deliver):
                self._deliver(key, snapshot, context, action)
            elif isinstance(action, Annotate):
                await self._annotate(key, action)
            else:
                await self._perform(snapshot, context, action)
        if str(before) != str(context.problem):
            self._wake(key)

    async def _perform(self, snapshot: Snapshot, context: _Context, action: Create | SetReplicas | Amend | Delete) -> None:
        try:
            await self._performer.perform(snapshot.cluster, action)
        except DefinitionError as error:
            context.problem = error

    async def _annotate(self, key: Key, action: Annotate) -> None:
        cluster = self._stores.clusters.get(*key)
        if cluster is not None:
            await self._performer.annotate(cluster, action)

    def _deliver(self, key: Key, snapshot: Snapshot, context: _Context, action: Deliver) -> None:
        member = next((found for found in context.memory.members if found.node_id == action.node_id), None)
        if member is None:
            return
        target = Target(key, context.uid, action.node_id, action.pod)
        make = self._orders.maker(snapshot, context.memory, member, action)
        if action.stop:
            self._jobs.stop(target, make)
        else:
            self._jobs.ensure(target, action.run, make)

    def _next(self, context: _Context, plan: Plan, rest: float) -> Result:
        waits = [rest] if rest > 0 else []
        if plan.wake is not None:
            waits.append(max(_SOON, plan.wake - self._now()))
        if context.problem is not None:
            waits.append(_PROBLEM)
        return Again(min(waits)) if waits else Done()


_SOON = 0.01  # seconds: a deadline that has just passed
_PROBLEM = 30.0  # seconds until an object that the API server refused is tried again


def _worth(status: ClusterStatus, reported: ClusterStatus | None) -> bool:
    """True if the document says something new, apart from what belongs to a write."""
    if reported is None:
        return True
    return msgspec.structs.replace(status, generation_uid="", kdasync=_bare(status.kdasync)) != msgspec.structs.replace(
        reported, generation_uid="", kdasync=_bare(reported.kdasync)
    )


def _bare(memory: Memory | None) -> Memory | None:
    return msgspec.structs.replace(memory, stamp="") if memory is not None else None
