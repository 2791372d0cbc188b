"""The whole stack in one process on virtual time, with the launcher's protocol over exec, for benchmarks that need no wall clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any, TypeVar

import looptime
import msgspec
from bodies import APPS_PATH, CLUSTERS_PATH, CRDS_PATH, app, clusters
from observed import OPERATOR, ObservedServer, Stamps
from support.guests import SomePackage
from support.stack import crds

from kdasync.devcluster.runtime.simguest import Scripts, SimGuest
from kdasync.devcluster.runtime.simulated_cluster import EPOCH, SimulatedCluster
from kdasync.kube.transport import Channel, Request, Response, Stream, Transport
from kdasync.operator import Operator, World
from kdasync.settings import Settings

T = TypeVar("T")


class Named:
    """A transport that says who it is."""

    def __init__(self, inner: Transport, name: str) -> None:
        self._inner = inner
        self._name = name

    def _signed(self, request: Request) -> Request:
        return msgspec.structs.replace(request, headers={**request.headers, "user-agent": self._name})

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        return await self._inner.request(self._signed(request), timeout=timeout)

    def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AbstractAsyncContextManager[Stream]:
        return self._inner.stream(self._signed(request), connect_timeout=connect_timeout, idle_timeout=idle_timeout)

    def channel(self, request: Request, *, connect_timeout: float) -> AbstractAsyncContextManager[Channel]:
        return self._inner.channel(self._signed(request), connect_timeout=connect_timeout)

    async def close(self) -> None:
        await self._inner.close()


class Virtual:
    """The parts of a running stack."""

    def __init__(self, scripts: Scripts | None, seed: int) -> None:
        self.guest = SimGuest(scripts) if scripts else SimGuest()
        self.dev = SimulatedCluster(seed=seed, guest=self.guest)
        self.server = self.dev.server = ObservedServer(self.dev.plane)
        self.stamps = Stamps(self.dev.storage)
        self.random = Random(seed)  # noqa: S311 - repeatable
        self.operator: Operator

    def counts(self) -> dict[str, int]:
        """The operator's requests so far."""
        return dict(self.server.counts.get(OPERATOR, {}))

    def others(self) -> dict[str, int]:
        """Requests of controllers and node so far."""
        return dict(self.server.counts.get("", {}))

    async def post(self, path: str, body: Any) -> None:
        headers = {"content-type": "application/json"}
        answer = await self.server.handle(Request("POST", path, (), headers, msgspec.json.encode(body)))
        assert answer.status < 300, answer.body

    async def create(self, count: int, members: int) -> None:
        """Create clusters and wait until all are configured."""
        for body in clusters(count, members):
            await self.post(CLUSTERS_PATH, body)
        while len(self.stamps.done) < count:  # noqa: ASYNC110 - a benchmark may look again
            await asyncio.sleep(0.5)

    def start(self) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        world = World(
            clock=loop.time,
            now=lambda: EPOCH + loop.time(),
            sleep=asyncio.sleep,
            random=self.random.random,
            uid=self.dev.plane.environment.uid,
            token=lambda: f"{self.random.getrandbits(128):032x}",
        )
        transport = Named(self.dev.connect(), OPERATOR)
        self.operator = Operator(transport, settings=Settings(), world=world, packages=SomePackage())
        return loop.create_task(self.operator.run())


@asynccontextmanager
async def virtual(scripts: Scripts | None = None, *, seed: int = 1) -> AsyncIterator[Virtual]:
    stack = Virtual(scripts, seed)
    async with stack.dev:
        for crd in crds():
            await stack.post(CRDS_PATH, crd)
        await stack.post(APPS_PATH, app("http://packages/demo.tgz"))
        task = stack.start()
        try:
            yield stack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run on virtual time."""
    loop = looptime.new_event_loop(start=0)

    async def started() -> T:
        return await main()

    try:
        return loop.run_until_complete(started())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
