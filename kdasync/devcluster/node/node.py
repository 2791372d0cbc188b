"""The node of a devcluster: scheduler and kubelet over one pod runtime.

Flow: a pod without a node is scheduled here or told why not; a pod of this node gets a task that runs it; a pod that is being
deleted is stopped with its grace and then removed from the API; a pod that vanished is stopped at once. What tasks do to their
records is written by the reporter.

Guarantees: idle means no request; a pod is run once per UID; nothing of a pod is left in the runtime when its object goes.
Assumptions: the caches see every pod; one node per devcluster.
"""

from __future__ import annotations

import asyncio

from kdasync.devcluster.controllers.caches import Caches, Index
from kdasync.devcluster.controllers.calls import (
    CLAIM,
    CONFIG_MAP,
    NODE,
    POD,
    SECRET,
    VOLUME,
    Create,
    Document,
    Key,
    Patch,
    delete,
    deleting,
    key_of,
    uid_of,
)
from kdasync.devcluster.controllers.claims import claims_used
from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.controllers.pods import ended
from kdasync.devcluster.controllers.worker import Worker
from kdasync.devcluster.environment import Environment
from kdasync.devcluster.node import scheduler
from kdasync.devcluster.node.context import Context, News
from kdasync.devcluster.node.lookup import Lookup
from kdasync.devcluster.node.loss import give_up
from kdasync.devcluster.node.pod_task import PodTask
from kdasync.devcluster.node.record import PodRecord, new_record
from kdasync.devcluster.node.registration import node_document, node_status
from kdasync.devcluster.node.reporter import Reporter
from kdasync.devcluster.node.tokens import token_for
from kdasync.devcluster.runtime.protocol import Runtime

_REST = 0.01  # claims of a new pod are bound at once: do not call it unschedulable before


class Node:
    """The node.

    Args:
        caches: shared with the controllers, or the node's own; the caller runs them.
        runtime: started and closed by the caller.
        environment: for the time.
    """

    def __init__(
        self,
        caches: Caches,
        runtime: Runtime,
        *,
        environment: Environment,
        name: str = "kdasync-dev",
        host_ip: str = "127.0.0.1",
        domain: str = "cluster.local",
    ) -> None:
        self.name = name
        self.pods: dict[str, PodTask] = {}
        self._caches = caches
        self._runtime = runtime
        self._host_ip = host_ip
        self._allocatable: dict[str, float] = {}
        self._labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
        self._cached = caches.of(POD)
        self._users = Index(self._cached, claims_used)
        self._news = News()
        self._nursery = Nursery()
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._ending: dict[str, None] = {}
        self._unscheduled: dict[Key, None] = {}
        self._removing: dict[str, Document] = {}
        self._loss: asyncio.Task[None] | None = None
        self.reporter = Reporter(caches, timestamp=environment.timestamp, host_ip=host_ip)
        self.scheduler: Worker[Key] = Worker(self._schedule, rest=_REST)
        self.removal: Worker[str] = Worker(self._remove)
        self._timestamp = environment.timestamp
        self._context = Context(
            runtime=runtime,
            domain=domain,
            timestamp=environment.timestamp,
            lookup=self._lookup,
            changed=self.reporter.changed,
            news=self._news,
        )
        self._subscribe()

    def _subscribe(self) -> None:
        caches = self._caches
        self._cached.on_change(self._pod_changed)
        for kind in (SECRET, CONFIG_MAP):
            caches.of(kind).on_change(lambda _old, _new: self._news.tell())
        caches.of(CLAIM).on_change(self._claim_changed)
        caches.of(VOLUME).on_change(self._volume_changed)

    async def run(self) -> None:
        """Register and work for ever; the caches must be synced."""
        try:
            await self._register()
            self._nursery.spawn(self.scheduler.run())
            self._nursery.spawn(self.reporter.worker.run())
            self._nursery.spawn(self.removal.run())
            for pod in self._cached:
                self._pod_changed(None, pod)
            await self._nursery.wait()
        finally:
            await self._nursery.close()

    async def offer(self, resource: str, amount: float) -> None:
        """Have so much of an extended resource, e.g. `nvidia.com/gpu`; pods that waited for it are looked at again."""
        self._allocatable[resource] = amount
        await self._report_node()
        for key in self._unscheduled:
            self.scheduler.add(key)

    def partition(self) -> None:
        """Cut the node from the API server: containers go on, nothing is reported or heard, and after a while it is given up."""
        self.reporter.connected = False
        self._loss = self._nursery.spawn(give_up(self._caches, self.name, timestamp=self._timestamp))

    def heal(self) -> None:
        """End the partition: report everything, and act on what was missed."""
        if self._loss is not None:
            self._loss.cancel()
        self._nursery.spawn(self._report_node())
        self.reporter.reconnect()
        for uid in self._removing:
            self.removal.add(uid)
        for uid, task in list(self.pods.items()):
            current = self._cached.get(key_of(task.record.document))
            if current is None or uid_of(current) != uid:
                self._end(uid, grace=0, known=False)
        for pod in self._cached:
            self._pod_changed(None, pod)

    def evict(self, namespace: str, name: str, message: str = "The node was low on resource: memory.") -> None:
        """Stop a pod for lack of resources: phase Failed, reason Evicted; the object stays.

        Raises:
            LookupError: it does not run here.
        """
        task = self.task(namespace, name)
        task.record.failure = ("Evicted", message)
        self._nursery.spawn(self._evict(task))

    async def _evict(self, task: PodTask) -> None:
        await self._stop(uid_of(task.record.document), 0)
        self.reporter.changed(task.record)

    def task(self, namespace: str, name: str) -> PodTask:
        """The running pod.

        Raises:
            LookupError: it does not run here.
        """
        pod = self._cached.get((namespace, name))
        found = self.pods.get(uid_of(pod)) if pod is not None else None
        if found is None:
            raise LookupError(f"pod {namespace}/{name} does not run on node {self.name}")
        return found

    def statistics(self) -> dict[str, int]:
        """Pods that run here, and pods that wait for a node."""
        return {"pods": len(self.pods), "unschedulable": len(self._unscheduled)}

    async def _register(self) -> None:
        await self._caches.perform([Create(NODE, node_document(self.name, self._labels))])
        await self._report_node()

    async def _report_node(self) -> None:
        status = node_status(self._host_ip, self._allocatable, now=self._timestamp())
        await self._caches.perform([Patch(NODE, ("", self.name), {"status": status}, "status")])

    def _pod_changed(self, old: Document | None, new: Document | None) -> None:
        if not self.reporter.connected:
            return
        if old is not None and (new is None or uid_of(old) != uid_of(new)):
            self._unscheduled.pop(key_of(old), None)
            self._end(uid_of(old), grace=0, known=False)
        if new is not None:
            self._present(new)

    def _present(self, pod: Document) -> None:
        uid = uid_of(pod)
        if not pod["spec"].get("nodeName"):
            if not scheduler.ours(pod):
                return
            self.scheduler.add(key_of(pod))
        elif pod["spec"]["nodeName"] != self.name:
            return
        elif uid not in self.pods and not deleting(pod) and not ended(pod):
            self._begin(pod)
        elif uid in self.pods:
            self.pods[uid].record.document = pod
        if deleting(pod):
            self._end(uid, grace=pod["metadata"].get("deletionGracePeriodSeconds") or 0, known=True, pod=pod)

    def _begin(self, pod: Document) -> None:
        record = new_record(pod)
        record.scheduled.done, record.started = True, self._timestamp()
        task = self.pods[uid_of(pod)] = PodTask(record, self._context)
        self._runs[uid_of(pod)] = self._nursery.spawn(task.run())
        self.reporter.changed(record)

    def _end(self, uid: str, *, grace: float, known: bool, pod: Document | None = None) -> None:
        """Stop a pod, once; `known` if its object still exists and must be removed afterwards."""
        if uid in self._ending:
            return
        if uid in self.pods or pod is not None:
            self._ending[uid] = None
            self._nursery.spawn(self._finish(uid, grace, known=known, pod=pod))

    async def _finish(self, uid: str, grace: float, *, known: bool, pod: Document | None) -> None:
        await self._stop(uid, grace)
        if known and pod is not None:
            self._removing[uid] = pod
            self.removal.add(uid)
        else:
            self._forget(uid)

    def _forget(self, uid: str) -> None:
        self.pods.pop(uid, None)
        self.reporter.forget(uid)
        self._ending.pop(uid, None)

    async def _stop(self, uid: str, grace: float) -> None:
        run = self._runs.pop(uid, None)
        if run is not None:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
        task = self.pods.get(uid)
        if task is not None:
            await task.terminate(grace)

    async def _remove(self, uid: str) -> None:
        """Report the end and take the object away, as the kubelet does once everything has stopped."""
        pod = self._removing.get(uid)
        if pod is None or not self.reporter.connected:
            return
        if uid in self.pods:
            await self.reporter.flush(self.pods[uid].record)
        await self._caches.perform([delete(POD, pod, grace=0)])
        del self._removing[uid]
        self._forget(uid)

    async def _schedule(self, key: Key) -> None:
        pod = self._cached.get(key)
        if pod is None or pod["spec"].get("nodeName") or deleting(pod):
            return
        claims = self._caches.of(CLAIM).namespace(key[0])
        verdict = scheduler.decide(pod, claims=claims, labels=self._labels, allocatable=self._allocatable)
        if verdict.done:
            self._unscheduled.pop(key, None)
            await self._caches.perform([Patch(POD, key, {"metadata": {"uid": uid_of(pod)}, "spec": {"nodeName": self.name}})])
            return
        self._unscheduled[key] = None
        record = PodRecord(document=pod, scheduled=verdict)
        await self.reporter.flush(record)

    def _claim_changed(self, old: Document | None, new: Document | None) -> None:
        self._news.tell()
        changed = new or old
        for key in self._users.get(key_of(changed)) if changed is not None else ():
            if key in self._unscheduled:
                self.scheduler.add(key)

    def _volume_changed(self, old: Document | None, new: Document | None) -> None:
        if new is None and old is not None:
            self._nursery.spawn(self._runtime.delete_volume(old["metadata"]["name"]))

    async def _lookup(self, pod: Document) -> Lookup:
        namespace = key_of(pod)[0]
        task = self.pods.get(uid_of(pod))
        return Lookup(
            claims=self._caches.of(CLAIM).namespace(namespace),
            secrets=self._caches.of(SECRET).namespace(namespace),
            config_maps=self._caches.of(CONFIG_MAP).namespace(namespace),
            token=await token_for(pod, self._caches.wire),
            pod_ip=task.record.ip if task is not None else "",
            host_ip=self._host_ip,
        )
