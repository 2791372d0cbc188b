"""The `process` runtime as devcluster's node sees it: `protocol.Runtime` over a node process.

Guarantees: those of `protocol`, and those of this package's docstring. A container's upper layer lives as long as the container, a volume
as long as its claim. Memory limits are not enforced: an ordinary user has no cgroup of his own on most machines.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import kdasync
from kdasync.devcluster.image import machine
from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.runtime.process import wire
from kdasync.devcluster.runtime.process.channel import Channel
from kdasync.devcluster.runtime.process.configure import Skeletons, program, root_spec
from kdasync.devcluster.runtime.process.container import ProcessContainer
from kdasync.devcluster.runtime.process.streams import Ends, Log
from kdasync.devcluster.runtime.process.sweep import sweep
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec

PREFIX = "kdasync://"
NETWORK = "10.244.0.0/16"


class ProcessSandbox:
    """A pod's network, host name and IPC, and its containers."""

    def __init__(self, runtime: ProcessRuntime, spec: SandboxSpec, *, key: str, ip: str) -> None:
        self._runtime = runtime
        self._spec = spec
        self._key = key
        self._ip = ip
        self._logs: list[Log] = []

    @property
    def ip(self) -> str:
        """Its address in the pod network."""
        return self._ip

    async def start(self, spec: ContainerSpec) -> ProcessContainer:
        """Start a container with a fresh upper layer.

        Raises:
            FileNotFoundError: the image or its program is unknown.
            RuntimeError: the sandbox is gone.
            OSError: the kernel refused a mount or a user.
        """
        container, log = await self._runtime.start_container(self._key, self._ip, self._spec, spec)
        self._logs.append(log)
        return container

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a port inside. Raises OSError if nobody listens."""
        sock = socket.socket(fileno=await self._runtime.socket_inside(self._key))
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except BaseException:
            sock.close()
            raise
        return await asyncio.open_connection(sock=sock)

    async def remove(self) -> None:
        """End every process; returns when they are gone. A second call does nothing."""
        await self._runtime.remove_sandbox(self._key)
        for log in self._logs:
            log.close()


class ProcessRuntime:
    """Real processes on this machine.

    Args:
        state: a folder of its own, made at start and removed at close: upper layers and volumes.
        images: what image references mean.
        ids: makes 64 hexadecimal digits, never the same twice.
        log_limit: bytes of output kept per container.
        network: private to this runtime; it never meets the machine's.
    """

    def __init__(
        self, *, state: Path, images: ImageStore, ids: Callable[[], str], log_limit: int = 1 << 20, network: str = NETWORK
    ) -> None:
        self._state = state.absolute()
        self._images = images
        self._ids = ids
        self._log_limit = log_limit
        self._network = ipaddress.IPv4Network(network)
        self._channel: Channel | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._skeletons: Skeletons | None = None
        self._sandboxes: set[str] = set()

    def statistics(self) -> dict[str, int]:
        """Pods, requests in flight and processes."""
        return {"sandboxes": len(self._sandboxes), **(self._channel.statistics() if self._channel else {})}

    async def start(self) -> None:
        """Start the node process.

        Raises:
            RuntimeError: the machine does not allow it; the text says what to do.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._guardian = self._spawn(theirs)
        self._channel = Channel(ours)
        problem = await self._channel.ready
        if problem:
            await self.close()
            raise RuntimeError(problem)
        self._skeletons = await asyncio.to_thread(self._build_skeletons)

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        module = "kdasync.devcluster.runtime.process.guardian"
        path = os.pathsep.join([str(Path(kdasync.__file__).parent.parent), *filter(None, sys.path)])
        return subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-m", module, str(theirs.fileno()), str(self._state), str(self._network)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={"PYTHONPATH": path, "PATH": os.defpath},  # PID 1 of every pod shows it
        )

    def _build_skeletons(self) -> Skeletons:
        shared = machine.software(self._state, self._images.cache)
        host, bare = Path(machine.skeleton(self._images.cache, shared)), self._state / "bare"
        machine.build_bare(bare)
        return Skeletons(host=host, bare=bare, shared=shared, shown=machine.shown(shared))

    @property
    def _node(self) -> Channel:
        if self._channel is None:
            raise RuntimeError("the runtime is not started. Await start() first.")
        return self._channel

    async def sandbox(self, spec: SandboxSpec) -> ProcessSandbox:
        """Create a pod's sandbox. Raises OSError if the network is full."""
        key = self._ids()
        ip = await self._node.call(wire.AddSandbox(self._node.number(), key, spec.hostname))
        self._sandboxes.add(key)
        return ProcessSandbox(self, spec, key=key, ip=ip)

    async def start_container(self, sandbox: str, ip: str, pod: SandboxSpec, spec: ContainerSpec) -> tuple[ProcessContainer, Log]:
        """For `ProcessSandbox.start`."""
        key, node = self._ids(), self._node
        root, task = await asyncio.to_thread(self._describe, ip, pod, spec)
        ends = Ends(stdin=spec.stdin, tty=spec.tty, merged=True)
        try:
            exited = await node.start(wire.StartContainer(node.number(), sandbox, key, root, task), key, ends.theirs)
        except BaseException:
            ends.abandon()
            raise
        finally:
            ends.started()
        log = Log(next(iter(ends.outputs)), limit=self._log_limit)
        return ProcessContainer(node, PREFIX + key, exited=exited, log=log, ids=self._ids, program=task, stdin=ends.stdin), log

    def _describe(self, ip: str, pod: SandboxSpec, spec: ContainerSpec) -> tuple[wire.RootSpec, wire.Program]:
        if self._skeletons is None:
            raise RuntimeError("the runtime is not started. Await start() first.")
        image = self._images.resolve(spec.image)
        gateway = str(next(self._network.hosts()))
        root = root_spec(image, spec, pod, skeletons=self._skeletons, ip=ip, gateway=gateway)
        return root, program(image, spec, pod, layers=root.layers)

    async def socket_inside(self, sandbox: str) -> int:
        """For `ProcessSandbox.connect`."""
        return await self._node.call_for_descriptor(wire.OpenSocket(self._node.number(), sandbox))

    async def remove_sandbox(self, sandbox: str) -> None:
        """For `ProcessSandbox.remove`."""
        if sandbox in self._sandboxes:
            self._sandboxes.discard(sandbox)
            if self._node.closed:
                return
            await self._node.call(wire.DropSandbox(self._node.number(), sandbox))

    async def publish(self, names: Mapping[str, tuple[str, ...]]) -> None:
        """Replace the DNS names of the pod network."""
        await self._node.call(wire.Publish(self._node.number(), dict(names)))

    async def delete_volume(self, source: str) -> None:
        """Remove a volume's folder; one that is not there is fine."""
        await asyncio.to_thread(sweep, self._state / "volumes" / source.replace("/", "_"))

    async def close(self) -> None:
        """End everything and wait until the state folder is gone. A second call does nothing."""
        if self._channel is not None:
            self._channel.close()
        if self._guardian is not None:
            await asyncio.to_thread(self._guardian.wait)
        self._sandboxes.clear()
