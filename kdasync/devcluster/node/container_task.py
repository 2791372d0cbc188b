"""The life of one container of a pod: start, hook, probes, end, back-off, restart.

Flow: `run` starts it until it ended for good; every change goes into its record and is reported. `stop` ends what runs, with the
pod's grace. Guarantees: one container at a time; the container id in the record is the runtime's; a restart waits as the kubelet's does.
Source: the kubelet's `SyncPod`; reasons are its words.
"""

from __future__ import annotations

import asyncio

from kdasync.devcluster.controllers.nursery import Nursery, first_of
from kdasync.devcluster.node.backoff import Backoff
from kdasync.devcluster.node.context import Context
from kdasync.devcluster.node.hooks import Outcome, run_hook
from kdasync.devcluster.node.lookup import Document
from kdasync.devcluster.node.probes import Verdicts, probing
from kdasync.devcluster.node.record import ContainerRecord, PodRecord, Running, Terminated, Waiting
from kdasync.devcluster.node.refusal import Refusal
from kdasync.devcluster.node.spec import container_spec
from kdasync.devcluster.runtime.protocol import Container, Sandbox

_RETRY = 10.0  # a container that could not be created, if nothing changes before


class ContainerTask:
    """One container of one pod.

    Attributes:
        current, previous: what runs or ran last, and what ran before it.
    """

    def __init__(
        self, definition: Document, record: ContainerRecord, *, pod: PodRecord, sandbox: Sandbox, context: Context
    ) -> None:
        self.current: Container | None = None
        self.previous: Container | None = None
        self._alive: Container | None = None
        self.record = record
        self._definition = definition
        self._pod = pod
        self._sandbox = sandbox
        self._context = context
        self._restart_backoff = Backoff()
        self._image_backoff = Backoff()

    def running(self) -> Container:
        """What runs.

        Raises:
            LookupError: nothing does.
        """
        if self._alive is None:
            raise LookupError(f"container {self.record.name} is not running")
        return self._alive

    async def run(self, *, policy: str) -> int:
        """Its last exit code; never ends with policy `Always`."""
        while True:
            code = await self._life()
            if policy == "Never" or (policy == "OnFailure" and code == 0):
                return code
            await self._pause()

    async def stop(self, grace: float) -> None:
        """End what runs: preStop hook, SIGTERM, SIGKILL, all within `grace` seconds."""
        container = self._alive
        if container is None:
            return
        deadline = asyncio.get_running_loop().time() + grace
        await self._pre_stop(container, grace)
        await container.stop(grace=max(0.0, deadline - asyncio.get_running_loop().time()))
        self._end(await container.wait(), container)

    async def _life(self) -> int:
        container = await self._start()
        failure = await self._post_start(container)
        if failure:
            await container.stop(grace=self._grace())
            self._end(await container.wait(), container, message=failure)
            return 1
        self._tell(Running(self._context.timestamp()))
        async with probing(self._definition, self._attempt, self._verdicts(container)):
            code = await container.wait()
        self._end(code, container)
        return code

    async def _start(self) -> Container:
        """Try until the runtime has started it."""
        while True:
            try:
                lookup = await self._context.lookup(self._pod.document)
                started = await self._sandbox.start(container_spec(self._pod.document, self._definition, lookup))
            except Refusal as refusal:
                self._tell(Waiting(refusal.reason, refusal.message))
                await self._context.news.wait(_RETRY)
            except FileNotFoundError as error:
                await self._no_image(str(error))
            except (OSError, RuntimeError) as error:
                self._tell(Waiting("CreateContainerError", str(error)))
                await self._context.news.wait(_RETRY)
            else:
                self.previous, self.current, self._alive = self.current, started, started
                self.record.container_id = started.id
                return started

    async def _no_image(self, text: str) -> None:
        self._tell(Waiting("ErrImagePull", text))
        wait = self._image_backoff.next(asyncio.get_running_loop().time())
        if wait:
            self._tell(Waiting("ImagePullBackOff", f'Back-off pulling image "{self._definition["image"]}": {text}'))
        await asyncio.sleep(wait or _RETRY)

    async def _post_start(self, container: Container) -> str:
        """Why the hook failed, empty if it did not."""
        hook = (self._definition.get("lifecycle") or {}).get("postStart")
        if not hook:
            return ""
        nursery = Nursery()
        running = nursery.spawn(run_hook(hook, self._definition, container=container, sandbox=self._sandbox))
        try:
            await first_of(running, nursery.spawn(container.wait()))
            outcome = running.result() if running.done() else Outcome(False, "the container ended before its postStart hook")
        finally:
            await nursery.close()
        return "" if outcome.succeeded else f"PostStartHook failed: {outcome.message}"

    async def _pre_stop(self, container: Container, grace: float) -> None:
        hook = (self._definition.get("lifecycle") or {}).get("preStop")
        if not hook:
            return
        try:
            async with asyncio.timeout(grace):
                await run_hook(hook, self._definition, container=container, sandbox=self._sandbox)
        except TimeoutError:
            return

    async def _attempt(self, probe: Document) -> Outcome:
        if self.current is None:
            return Outcome(False, "not running")
        return await run_hook(probe, self._definition, container=self.current, sandbox=self._sandbox)

    def _verdicts(self, container: Container) -> Verdicts:
        def started() -> None:
            self.record.started = True
            self._context.changed(self._pod)

        def ready(value: bool) -> None:
            self.record.ready = value
            self._context.changed(self._pod)

        async def dead() -> None:
            await container.stop(grace=self._grace())

        return Verdicts(started=started, ready=ready, dead=dead)

    async def _pause(self) -> None:
        """The kubelet's back-off between an end and the next start."""
        wait = self._restart_backoff.next(asyncio.get_running_loop().time())
        if isinstance(self.record.state, Terminated):
            self.record.last = self.record.state
        if wait:
            name = f"{self._definition['name']} pod={self._pod.document['metadata']['name']}"
            self._tell(Waiting("CrashLoopBackOff", f"back-off {wait:.0f}s restarting failed container={name}"))
            await asyncio.sleep(wait)
        self.record.restarts += 1

    def _end(self, code: int, container: Container, *, message: str = "") -> None:
        if self._alive is not container:
            return
        self._alive = None
        now = self._context.timestamp()
        begun = self.record.state.started if isinstance(self.record.state, Running) else now
        killed = bool(getattr(container, "oom_killed", False))
        reason = "OOMKilled" if killed else "Completed" if code == 0 else "Error"
        self.record.ready = self.record.started = False
        self._tell(Terminated(code, reason, begun, now, container.id, message))

    def _tell(self, state: Waiting | Running | Terminated) -> None:
        self.record.state = state
        self._context.changed(self._pod)

    def _grace(self) -> float:
        return float(self._pod.document["spec"].get("terminationGracePeriodSeconds") or 30)
