"""A whole Kubernetes in one event loop, without sockets and processes, repeatable on virtual time.

Why: tests of the operator and the simulator need API server, controllers and node as one thing; everything in it is the real code
but for what runs inside the containers.

Flow: `async with SimulatedCluster(...)` runs it; `transport()` is a client's way in, one per identity, so that each can be severed.
Guarantees: the same seed and the same calls give the same names, UIDs, versions and addresses; nothing is left running afterwards; leaving raises what broke inside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random
from types import TracebackType
from typing import Self

from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import NAMESPACE, Create
from kdasync.devcluster.controllers.manager import Controllers
from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.environment import seeded
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.node.access import Access
from kdasync.devcluster.node.node import Node
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.devcluster.runtime.simulated_container import Guest
from kdasync.devcluster.server import ApiServer

EPOCH = 1_767_225_600.0  # 2026-01-01, so that a simulation never shows the day it ran


class SimulatedCluster:
    """API server, controllers and node.

    Args:
        seed: of everything random.
        guest: what runs in the containers.
        allocatable: extended resources of the node.
        epoch: Unix time at the loop's time 0.
        namespaces: to begin with.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        guest: Guest | None = None,
        allocatable: Mapping[str, float] | None = None,
        epoch: float = EPOCH,
        namespaces: tuple[str, ...] = ("default", "kube-system"),
    ) -> None:
        loop = asyncio.get_running_loop()
        self.environment = seeded(seed, lambda: epoch + loop.time())
        self.plane = Plane(environment=self.environment)
        self.server = ApiServer(self.plane)
        self.runtime = SimulatedRuntime(random=Random(seed), guest=guest)  # noqa: S311 - repeatable on purpose
        self.caches = Caches(Wire(InProcessTransport(self.server)))
        self.controllers = Controllers(self.caches, publish=self.runtime.publish)
        self.node = Node(self.caches, self.runtime, environment=self.environment, allocatable=allocatable)
        self.plane.access = Access(self.node)
        self._namespaces = namespaces
        self._nursery = Nursery()

    def transport(self) -> InProcessTransport:
        """A wire to the API server."""
        return InProcessTransport(self.server)

    def wire(self) -> Wire:
        """Documents over such a wire."""
        return Wire(self.transport())

    async def __aenter__(self) -> Self:
        self._nursery.spawn(self.caches.run())
        await self.caches.synced()
        self._nursery.spawn(self.controllers.run())
        self._nursery.spawn(self.node.run())
        for name in self._namespaces:
            await self.caches.perform([Create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._nursery.close()
        await self.runtime.close()
        self._nursery.check()
