"""The life of one pod on the node: volumes, sandbox, init containers in order, containers side by side, and its end.

Flow: `run` until the pod has ended for good (never with restartPolicy Always); `terminate` cancels that, stops everything with the
pod's grace and removes sandbox and emptyDir volumes. Every change is reported through the context.

Guarantees: the app's containers start only after all init containers succeeded; after `terminate` nothing of the pod is left in the runtime.
Source: the kubelet's `SyncPod` and `SyncTerminatingPod`.
"""

from __future__ import annotations

import asyncio

from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.node.container_task import ContainerTask
from kdasync.devcluster.node.context import Context
from kdasync.devcluster.node.record import PodRecord, Waiting
from kdasync.devcluster.node.refusal import Refusal
from kdasync.devcluster.node.spec import sandbox_spec
from kdasync.devcluster.node.volumes import scratch_keys, sources
from kdasync.devcluster.runtime.protocol import Sandbox

_RETRY = 10.0


class PodTask:
    """One pod.

    Attributes:
        record: what is reported of it.
        sandbox: None until it exists.
        containers: by name, init containers included, as far as they were begun.
    """

    def __init__(self, record: PodRecord, context: Context) -> None:
        self.record = record
        self.sandbox: Sandbox | None = None
        self.containers: dict[str, ContainerTask] = {}
        self._context = context
        self._nursery = Nursery()

    async def run(self) -> None:
        """Bring it up and keep it so."""
        try:
            await self._volumes()
            sandbox = await self._sandbox()
            if await self._init(sandbox):
                await self._main(sandbox)
        finally:
            await self._nursery.close()

    async def terminate(self, grace: float) -> None:
        """Stop the containers, all at once, then remove everything. `run` must have ended."""
        try:
            for task in [self._nursery.spawn(container.stop(grace)) for container in self.containers.values()]:
                await task
        finally:
            await self._nursery.close()
        if self.sandbox is not None:
            await self.sandbox.remove()
            self.record.sandbox = False
        for key in scratch_keys(self.record.document):
            await self._context.runtime.delete_volume(key)

    def container(self, container: str) -> ContainerTask:
        """A container that was begun.

        Raises:
            LookupError: there is none of that name.
        """
        found = self.containers.get(container)
        if found is None:
            raise LookupError(f"container {container} in pod {self.record.document['metadata']['name']} is waiting to start")
        return found

    async def _volumes(self) -> None:
        """Wait until everything that is mounted exists."""
        while True:
            try:
                sources(self.record.document, await self._context.lookup(self.record.document))
            except Refusal as refusal:
                self._waiting(refusal.reason, refusal.message)
                await self._context.news.wait(_RETRY)
            else:
                return

    async def _sandbox(self) -> Sandbox:
        while True:
            try:
                sandbox = self.sandbox = await self._new_sandbox()
            except (OSError, RuntimeError) as error:
                self._waiting("CreatePodSandboxError", str(error))
                await self._context.news.wait(_RETRY)
            else:
                self.record.ip, self.record.sandbox = sandbox.ip, True
                self._context.changed(self.record)
                return sandbox

    async def _new_sandbox(self) -> Sandbox:
        """A sandbox that is known to `terminate` even if its making is cancelled."""
        making = asyncio.ensure_future(
            self._context.runtime.sandbox(sandbox_spec(self.record.document, domain=self._context.domain))
        )
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            (made,) = await asyncio.gather(making, return_exceptions=True)
            self.sandbox = None if isinstance(made, BaseException) else made
            raise

    def _waiting(self, reason: str, message: str) -> None:
        for each in [*self.record.init, *self.record.main]:
            each.state = Waiting(reason, message)
        self._context.changed(self.record)

    async def _init(self, sandbox: Sandbox) -> bool:
        """Whether all init containers succeeded."""
        policy = self._policy()
        for definition in self.record.document["spec"].get("initContainers") or ():
            task = self._begin(definition["name"], definition, sandbox)
            code = await task.run(policy="Never" if policy == "Never" else "OnFailure")
            if code != 0:
                return False
        self.record.initialized = True
        self._context.changed(self.record)
        return True

    async def _main(self, sandbox: Sandbox) -> None:
        definitions = self.record.document["spec"]["containers"]
        tasks = [self._begin(definition["name"], definition, sandbox) for definition in definitions]
        running = [self._nursery.spawn(task.run(policy=self._policy())) for task in tasks]
        for each in running:
            await each

    def _begin(self, name: str, definition: dict[str, object], sandbox: Sandbox) -> ContainerTask:
        record = self.record.container(name)
        if record is None:
            raise LookupError(name)
        task = ContainerTask(definition, record, pod=self.record, sandbox=sandbox, context=self._context)
        self.containers[name] = task
        return task

    def _policy(self) -> str:
        return str(self.record.document["spec"].get("restartPolicy", "Always"))
