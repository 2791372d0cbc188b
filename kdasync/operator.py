"""The composition root: builds everything, owns the one nursery; the only file that knows all others.

Flow: informers list and watch; when all are synced, workers take keys; an event only wakes a key. Jobs, the journal and the event
recorder run beside them. With an election the informers run always, and all that acts runs only while this process leads: it is built
afresh for each term, so memory is loaded by live reads and nothing of an earlier term is left. Guarantees: `run` ends only by
cancellation or by a bug, and takes everything it started with it. Assumptions: without an election nobody else works on the same
clusters; all of clock, randomness, identity and wire come in from outside, so the whole operator runs on virtual time in one process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec

from kdasync.api.meta import Object
from kdasync.errors import KdasyncError, LeaseLost
from kdasync.kube.client import Client
from kdasync.kube.election import Election
from kdasync.kube.events import Recorder
from kdasync.kube.resource import (
    APPS,
    CLAIMS,
    CLUSTERS,
    CONFIG_MAPS,
    CONFIGS,
    PODS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
    Resource,
)
from kdasync.kube.transport import Transport
from kdasync.kube.watch import Watcher
from kdasync.reconcile.commit import Committer
from kdasync.reconcile.draft import Chance
from kdasync.reconcile.guests import ExecGuests
from kdasync.reconcile.jobs import Guests, Jobs
from kdasync.reconcile.journal import Journal
from kdasync.reconcile.orders import Orders, Packages
from kdasync.reconcile.reconciler import Reconciler
from kdasync.reconcile.stores import Key, Stores
from kdasync.reconcile.witness import Listener, Telling
from kdasync.render import keys
from kdasync.settings import Settings
from kdasync.store.informer import Informer
from kdasync.store.store import Store
from kdasync.telemetry.logging import logger
from kdasync.telemetry.metrics import Metrics
from kdasync.workqueue.nursery import Nursery
from kdasync.workqueue.queue import FRESH, NORMAL, RESYNC, URGENT, WorkQueue
from kdasync.workqueue.runner import Outcome, Runner

T = TypeVar("T", bound=Object)
CONTROLLER = "kubedirector.hpe.com/kdasync"  # as Events name it


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is not deterministic, injected.

    Attributes:
        clock: monotonic seconds (`loop.time`).
        now: seconds since the epoch.
        sleep: e.g. `asyncio.sleep`.
        random: numbers in [0, 1).
        uid: fresh random UUID texts.
        token: fresh auth tokens of 32 hex digits.
        identity: name of this process, e.g. the pod's.
    """

    clock: Callable[[], float]
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    uid: Callable[[], str]
    token: Callable[[], str]
    identity: str = "kdasync"


class Operator:
    """One operator over one transport. Construct it inside the running loop.

    Args:
        transport: stays the caller's to close.
        settings, world: see there.
        packages: where setup packages come from.
        metrics: a fresh one if None.
        guests: how orders reach guests; by exec if None.
        election: who may act; without one this operator always acts.
        listener: is told of every transition.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        settings: Settings,
        world: World,
        packages: Packages,
        metrics: Metrics | None = None,
        guests: Guests | None = None,
        election: Election | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self.stores = Stores()
        self._settings = settings
        self._world = world
        self._log = logger("operator")
        self.election = election
        fence = {"before_send": election.elector.fence} if election else {}
        self.client = Client(
            transport,
            settings=settings,
            clock=world.clock,
            sleep=world.sleep,
            random=world.random,
            observe=self.metrics.request,
            **fence,
        )
        self.queue: WorkQueue[Key] = self._new_queue()
        self._journal: Journal | None = None
        self._synced = False
        self._packages = packages
        self._listener = listener
        self._guests = guests or ExecGuests(self.client, settings, clock=world.clock, report=self.metrics.executed)
        self.informers: tuple[Informer[Any], ...] = tuple(self._informers())
        self.reconciler: Reconciler | None = None

    @property
    def ready(self) -> bool:
        """True once all stores are synced: this process works, or can take over at once."""
        return self._synced

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with Nursery() as nursery:
                for informer in self.informers:
                    nursery.start(informer.run(), name="informer")
                nursery.start(self._work(), name="operator")
                if self.election is not None:
                    nursery.start(self.election.recorder.run(), name="election-events")
        finally:
            self._synced = False

    async def flush(self) -> None:
        """Write what the journal still holds; without an election call it after `run` has ended."""
        if self._journal is not None:
            await self._journal.flush()

    async def _work(self) -> None:
        for informer in self.informers:
            await informer.synced.wait()
        self._synced = True
        if self.election is None:
            await self._term()
            return
        while True:
            try:
                async with self.election.elector.lead():
                    await self._lead()
            except LeaseLost as error:
                self._log.warning("work stopped", reason=str(error))

    async def _lead(self) -> None:
        try:
            await self._term()
        finally:
            await self.flush()  # the fence is still open if we end by ourselves

    async def _term(self) -> None:
        """Everything that acts, from the beginning to the end of one term."""
        world, settings = self._world, self._settings
        self.queue = self._new_queue()
        recorder = Recorder(self.client, controller=CONTROLLER, instance=world.identity, clock=world.clock, now=world.now)
        self._journal = Journal(self.client, settings, now=world.now, sleep=world.sleep) if settings.journal else None
        try:
            async with Nursery() as jobs:
                self.reconciler = reconciler = self._build(jobs, recorder)
                self._log.info("synced", clusters=len(self.stores.clusters), pods=len(self.stores.pods))
                for cluster in self.stores.clusters:
                    self._wake(_key(cluster), RESYNC)
                jobs.start(recorder.run(), name="events")
                if self._journal is not None:
                    jobs.start(self._journal.run(), name="journal")
                await Runner(self.queue, reconciler.reconcile, workers=settings.workers, report=self._report).run()
        finally:
            self.queue.close()
            self.reconciler = None
            self.metrics.nobody()

    def _new_queue(self) -> WorkQueue[Key]:
        world = self._world
        return WorkQueue(settings=self._settings, clock=world.clock, random=world.random, hooks=self.metrics.queue)

    def _build(self, jobs: Nursery, recorder: Recorder) -> Reconciler:
        world = self._world
        return Reconciler(
            settings=self._settings,
            client=self.client,
            stores=self.stores,
            jobs=Jobs(
                self._guests,
                jobs,
                wake=self._job_ended,
                transfers=self._settings.exec_transfers,
                sleep=world.sleep,
                random=world.random,
            ),
            orders=Orders(self.stores, self._settings, self._packages),
            committer=Committer(self.client, uid=world.uid),
            witness=Telling(self.metrics, recorder, self._journal, now=world.now, listener=self._listener),
            chance=Chance(world.random, world.token),
            now=world.now,
            wake=self._job_ended,
            follows=self.election is not None,
        )

    def _job_ended(self, key: Key) -> None:
        self._wake(key, NORMAL)

    def _wake(self, key: Key, priority: int) -> None:
        """Add a key; nobody acts while there is no reconciler, and its begin wakes all."""
        if self.reconciler is not None:
            self.reconciler.notice(key)
            self.queue.add(key, priority)

    def _report(self, key: Key, outcome: Outcome, error: BaseException | None) -> None:
        if error is None:
            return
        cluster = "/".join(key)
        if isinstance(error, KdasyncError):
            self._log.warning("pass failed", cluster=cluster, outcome=outcome.value, error=str(error))
        else:
            self._log.error("pass failed", cluster=cluster, outcome=outcome.value, exc_info=error)

    def _informers(self) -> Iterable[Informer[Any]]:
        stores = self.stores
        yield self._informer(CLUSTERS, stores.clusters, self._cluster_keys, urgent=True)
        yield self._informer(APPS, stores.apps, lambda app: stores.of_app(app.metadata.name))
        yield self._informer(
            CONFIGS,
            stores.configs,
            lambda _config: [_key(cluster) for cluster in stores.clusters],
            namespace=self._settings.namespace,
        )
        yield self._informer(STATEFUL_SETS, stores.statefulsets, _owner, label=keys.CLUSTER)
        yield self._informer(SERVICES, stores.services, _owner, label=keys.CLUSTER)
        yield self._informer(PODS, stores.pods, _owner, label=keys.CLUSTER)
        yield self._informer(CLAIMS, stores.claims, _owner, label=keys.CLUSTER)
        yield self._informer(CONFIG_MAPS, stores.configmaps, self._connected("ConfigMap"), label=keys.CONFIG_MAP_TYPE)
        yield self._informer(SECRETS, stores.secrets, self._connected("Secret"), label=keys.SECRET_TYPE)
        yield self._informer(STORAGE_CLASSES, stores.storage_classes, lambda _item: [])

    def _informer(
        self,
        resource: Resource[T],
        store: Store[T],
        wakes: Callable[[T], Iterable[Key]],
        *,
        namespace: str = "",
        label: str = "",
        urgent: bool = False,
    ) -> Informer[T]:
        watcher = Watcher(
            self.client,
            resource,
            namespace=namespace or (self._settings.watch_namespace if resource.namespaced else ""),
            label_selector=label,
            sleep=self._world.sleep,
            random=self._world.random,
        )
        informer = Informer(watcher, store)

        def handle(old: T | None, new: T | None) -> None:
            item = new or old
            if item is None:
                return
            for key in wakes(item):
                self._wake(key, _urgency(old, item) if urgent else NORMAL)

        informer.subscribe(handle)
        return informer

    def _cluster_keys(self, cluster: Object) -> list[Key]:
        meta = cluster.metadata
        return [_key(cluster), *self.stores.connected_to("KubeDirectorCluster", meta.namespace, meta.name)]

    def _connected(self, kind: str) -> Callable[[Object], list[Key]]:
        return lambda item: self.stores.connected_to(kind, item.metadata.namespace, item.metadata.name)


def elect(transport: Transport, *, settings: Settings, world: World, metrics: Metrics) -> Election:
    """The election among all operators of `settings.namespace`."""
    return Election(
        transport,
        settings=settings,
        identity=f"{world.identity}_{world.uid()}",
        controller=CONTROLLER,
        clock=world.clock,
        now=world.now,
        sleep=world.sleep,
        random=world.random,
        report=metrics.request,
        observe=metrics.leader.set,
    )


def _key(item: Object) -> Key:
    return item.metadata.namespace, item.metadata.name


def _urgency(old: Object | None, item: Object) -> int:
    """Somebody waits for the effect of an edit or a deletion; a burst of new clusters must not delay those that are at work."""
    return URGENT if old is not None or item.metadata.deletion_timestamp else FRESH


def _owner(item: Object) -> list[Key]:
    name = item.metadata.labels.get(keys.CLUSTER)
    return [(item.metadata.namespace, name)] if name else []
