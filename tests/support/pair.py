"""Two operators that stand for election on one stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from support.stack import Stack, run

from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.server import ApiServer
from kdasync.kube.transport import Request, Response
from kdasync.operator import Operator, World, elect
from kdasync.telemetry.metrics import Metrics


class Counting(InProcessTransport):
    """Remembers every request that is no watch."""

    def __init__(self, server: ApiServer) -> None:
        super().__init__(server)
        self.sent: list[tuple[str, str]] = []

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109
        self.sent.append((request.method, request.path))
        return await super().request(request, timeout=timeout)


class Replica:
    """One operator's process."""

    def __init__(self, stack: Stack, name: str, seed: int, *, wire: type[Counting] = Counting, real_guests: bool = False) -> None:
        stream = Random(seed)  # noqa: S311 - repeatable
        self.metrics = Metrics()
        self.transport = wire(stack.server)
        world = World(
            clock=asyncio.get_running_loop().time,
            now=stack.now,
            sleep=asyncio.sleep,
            random=stream.random,
            uid=stack.plane.environment.uid,
            token=lambda: f"{stream.getrandbits(128):032x}",
            identity=name,
        )
        self.operator = Operator(
            self.transport,
            settings=stack.settings,
            world=world,
            packages=stack.packages,
            guests=None if real_guests else stack.guests,
            metrics=self.metrics,
            election=elect(self.transport, settings=stack.settings, world=world, metrics=self.metrics),
        )
        self.task: asyncio.Task[None] | None = None

    @property
    def sent(self) -> list[tuple[str, str]]:
        return self.transport.sent

    def start(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.operator.run())

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def kill(self) -> None:
        """A killed process sends nothing more."""
        self.transport.sever()
        await self.stop()


@asynccontextmanager
async def pair(*, start: bool = True, **options: Any) -> AsyncIterator[tuple[Stack, Replica, Replica]]:
    async with run(start=False, **options) as stack:
        await stack.send("POST", "/api/v1/namespaces", {"metadata": {"name": "kubedirector"}})
        replicas = Replica(stack, "one", 11), Replica(stack, "two", 12)
        for replica in replicas:
            if start:
                replica.start()
                await stack.pause(0.5)
        yield stack, *replicas
        for replica in replicas:
            await replica.kill()
