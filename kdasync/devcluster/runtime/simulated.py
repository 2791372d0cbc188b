"""The pod runtime without processes: scale and simulation on any clock.

Why: the operator, the API server, the controllers and the node run for real; only what is inside a container is played by a
`Guest`, so that ten thousand members and a year of faults fit in a test.

Guarantees: container ids and addresses are never reused; the same seed gives the same ids. Assumptions: one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NoReturn

from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec
from kdasync.devcluster.runtime.simulated_container import Behaviour, Guest, IdleGuest, SimulatedContainer

Behave = Callable[[SandboxSpec, ContainerSpec], Behaviour]


def _healthy(_sandbox: SandboxSpec, _spec: ContainerSpec) -> Behaviour:
    return Behaviour()


class SimulatedSandbox:
    """A pod."""

    def __init__(self, runtime: SimulatedRuntime, spec: SandboxSpec, ip: str) -> None:
        self._runtime = runtime
        self.spec = spec
        self._ip = ip
        self.containers: list[SimulatedContainer] = []

    @property
    def ip(self) -> str:
        """Its address."""
        return self._ip

    async def start(self, spec: ContainerSpec) -> SimulatedContainer:
        """Start a container after its `start_seconds`.

        Raises:
            OSError: its behaviour is to fail.
        """
        behaviour = self._runtime.behave(self.spec, spec)
        await asyncio.sleep(behaviour.start_seconds)
        if behaviour.fail:
            raise OSError(behaviour.fail)
        container = self._runtime.new_container(self.spec, spec, behaviour)
        self.containers = [known for known in self.containers if known.running]
        self.containers.append(container)
        return container

    async def connect(self, port: int) -> NoReturn:
        """Nothing listens in a simulated pod.

        Raises:
            ConnectionRefusedError: always.
        """
        raise ConnectionRefusedError(f"nothing listens on port {port} of simulated pod {self.spec.name}")

    async def remove(self) -> None:
        """Kill what runs."""
        for container in self.containers:
            container.kill()
        self._runtime.sandboxes.pop(self.spec.uid, None)


class SimulatedRuntime:
    """The runtime.

    Attributes:
        behave: chooses the behaviour of each container that starts; a test may replace it.
        sandboxes: pods by UID, oldest first.
        volumes: the guest model's memory of volumes by source.
        names: DNS as published last.
    """

    def __init__(self, *, random: Random, guest: Guest | None = None, behave: Behave = _healthy) -> None:
        self._random = random
        self._guest = guest or IdleGuest()
        self._sandboxed = 0
        self.behave = behave
        self.sandboxes: dict[str, SimulatedSandbox] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.names: Mapping[str, tuple[str, ...]] = {}

    async def start(self) -> None:
        """Nothing to make ready: the guest decides everything."""
        await asyncio.sleep(0)

    async def sandbox(self, spec: SandboxSpec) -> SimulatedSandbox:
        """Create a pod with the next address of 10.0.0.0/8."""
        number = self._sandboxed = self._sandboxed + 1
        sandbox = SimulatedSandbox(self, spec, f"10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}")
        self.sandboxes[spec.uid] = sandbox
        return sandbox

    async def publish(self, names: Mapping[str, tuple[str, ...]]) -> None:
        """Remember DNS."""
        self.names = dict(names)

    async def delete_volume(self, source: str) -> None:
        """Forget a volume."""
        self.volumes.pop(source, None)

    async def close(self) -> None:
        """Kill every container."""
        for sandbox in list(self.sandboxes.values()):
            await sandbox.remove()

    def find(self, namespace: str, pod: str, container: str = "app") -> SimulatedContainer:
        """The running container of that name.

        Raises:
            KeyError: there is none.
        """
        for sandbox in self.sandboxes.values():
            if (sandbox.spec.namespace, sandbox.spec.name) == (namespace, pod):
                for known in sandbox.containers:
                    if known.spec.name == container and known.running:
                        return known
        raise KeyError(f"{namespace}/{pod}/{container}")

    def new_container(self, sandbox: SandboxSpec, spec: ContainerSpec, behaviour: Behaviour) -> SimulatedContainer:
        """A running container with a fresh id."""
        return SimulatedContainer(
            identity=f"kdasync://{self._random.getrandbits(256):064x}",
            spec=spec,
            sandbox=sandbox,
            behaviour=behaviour,
            guest=self._guest,
            volumes=self.volumes,
        )
