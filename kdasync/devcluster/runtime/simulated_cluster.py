"""A whole Kubernetes in one event loop, without sockets and processes, repeatable on virtual time.

Why: tests of the operator and the simulator need API server, controllers and node as one thing; everything in it is the real code
but for what runs inside the containers.

Guarantees: the same seed and the same calls give the same names, UIDs, versions and addresses.
"""

from __future__ import annotations

import asyncio
from random import Random

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.environment import seeded
from kdasync.devcluster.node.access import Access
from kdasync.devcluster.node.node import Node
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.devcluster.runtime.simulated_container import Guest

EPOCH = 1_767_225_600.0  # 2026-01-01, so that a simulation never shows the day it ran


class SimulatedCluster(DevCluster):
    """A devcluster over the simulated runtime; make it inside its event loop.

    Args:
        seed: of everything random.
        guest: what runs in the containers.
        epoch: Unix time at the loop's time 0.
    """

    def __init__(self, *, seed: int = 0, guest: Guest | None = None, epoch: float = EPOCH) -> None:
        loop = asyncio.get_running_loop()
        self.runtime = SimulatedRuntime(random=Random(seed), guest=guest)  # noqa: S311 - repeatable on purpose
        super().__init__(
            self.runtime,
            settings=DevClusterSettings(host="", tls=False),
            environment=seeded(seed, lambda: epoch + loop.time()),
        )

    @property
    def node(self) -> Node:
        """The node.

        Raises:
            LookupError: the cluster does not run.
        """
        access = self.plane.access
        if not isinstance(access, Access):
            raise LookupError("the cluster has no node yet. Enter it first.")  # noqa: TRY004 - the moment is wrong, not the type
        return access.node

    def wire(self) -> Wire:
        """Documents over a connection of its own."""
        return Wire(self.connect())
