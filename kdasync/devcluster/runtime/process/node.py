"""The node: one single-threaded loop, PID 1 of the namespace in which all pods live, that does what `wire` asks for.

Flow: a request comes, a process is forked or a namespace made, the answer goes back; long things (a root file system being mounted, a
pod ending) are awaited by descriptor, so the loop never blocks. Children are watched by pidfd.

Guarantees: an answer to every request; one `Exited` for every container and exec that was started, after its answer; a sandbox's removal is answered when
its processes have ended. The loop returns when the socket ends, and with PID 1 everything ends.

Assumptions: `guardian` has entered the namespaces. Why no asyncio: forking a loop is not supported by it, and this is ten lines.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import selectors
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from kdasync.devcluster.runtime.process import netlink, resolver, spawn, syscalls, wire
from kdasync.devcluster.runtime.process.sweep import sweep

_BRIDGE = "kd0"
_SANDBOX = syscalls.NEWNET | syscalls.NEWUTS | syscalls.NEWIPC


class _Sandbox(msgspec.Struct):
    ip: str
    namespaces: tuple[int, ...]
    removal: int = 0


class _Running(msgspec.Struct):
    """A container or exec. `sandbox` is empty for an exec."""

    pid: int
    pidfd: int
    sandbox: str = ""
    pending: int = 0
    early: int | None = None


class Node:
    """State of the loop. `network` is the pods' private network, its first address is the node's."""

    def __init__(self, sock: socket.socket, *, state: Path, network: ipaddress.IPv4Network) -> None:
        self._sock = sock
        self._state = state
        self._network = network
        self._addresses = iter(network.hosts())
        self._gateway = next(self._addresses)
        self._selector = selectors.DefaultSelector()
        self._sandboxes: dict[str, _Sandbox] = {}
        self._running: dict[str, _Running] = {}
        self._resolver = resolver.Resolver(self._selector)
        self._own = tuple(os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("net", "uts", "ipc"))
        self._pids = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._ended = False
        self._links = 0

    def open(self) -> None:
        """Make the network.

        Raises:
            OSError: the kernel refuses a device.
        """
        netlink.link_up("lo")
        netlink.add_bridge(_BRIDGE)
        netlink.add_address(_BRIDGE, ipaddress.IPv4Interface(f"{self._gateway}/{self._network.prefixlen}"))
        self._resolver.listen(str(self._gateway))
        self._selector.register(self._sock, selectors.EVENT_READ, self._receive)
        wire.send_notice(self._sock, wire.Ready())

    def serve(self) -> None:
        """Answer until the socket ends."""
        while not self._ended:
            for key, _ in self._selector.select():
                key.data()

    def _receive(self) -> None:
        message = wire.receive_request(self._sock)
        if message is None:
            self._ended = True
            return
        request, descriptors = message
        try:
            self._perform(request, descriptors)
        except OSError as error:
            self._answer(request.number, failure=_word(error), text=str(error))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _perform(self, request: wire.AnyRequest, descriptors: list[int]) -> None:
        match request:
            case wire.AddSandbox():
                self._answer(request.number, text=self._add_sandbox(request))
            case wire.DropSandbox():
                self._drop_sandbox(request)
            case wire.StartContainer():
                self._start_container(request, descriptors)
            case wire.StartExec():
                self._start_exec(request, descriptors)
            case wire.Kill():
                self._kill(request)
                self._answer(request.number)
            case wire.OpenSocket():
                self._open_socket(request)
            case wire.Publish():
                self._resolver.names.publish(request.names)
                self._answer(request.number)

    def _answer(self, number: int, *, failure: str = "", text: str = "", descriptors: tuple[int, ...] = ()) -> None:
        wire.send_notice(self._sock, wire.Answer(number, failure, text), descriptors)

    def _add_sandbox(self, request: wire.AddSandbox) -> str:
        address = next(self._addresses, None)
        if address is None:
            raise OSError(
                errno.EADDRNOTAVAIL, f"no address is left in {self._network}. Restart devcluster or give it a larger network."
            )
        self._links += 1
        syscalls.unshare(_SANDBOX)
        try:
            namespaces = tuple(os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("net", "uts", "ipc"))
            syscalls.set_hostname(request.hostname)
            netlink.link_up("lo")
            self._return()
            netlink.add_veth(f"v{self._links}", bridge=_BRIDGE, peer="eth0", namespace=namespaces[0])
            syscalls.setns(namespaces[0], syscalls.NEWNET)
            netlink.add_address("eth0", ipaddress.IPv4Interface(f"{address}/{self._network.prefixlen}"))
            netlink.link_up("eth0")
            netlink.add_default_route(self._gateway)
        finally:
            self._return()
        self._sandboxes[request.sandbox] = _Sandbox(str(address), namespaces)
        return str(address)

    def _return(self) -> None:
        for descriptor in self._own:
            syscalls.setns(descriptor, 0)

    def _sandbox(self, name: str) -> _Sandbox:
        sandbox = self._sandboxes.get(name)
        if sandbox is None or sandbox.removal:
            raise OSError(errno.ESRCH, "the pod's sandbox is gone")
        return sandbox

    def _drop_sandbox(self, request: wire.DropSandbox) -> None:
        self._sandbox(request.sandbox).removal = request.number
        for running in self._running.values():
            if running.sandbox == request.sandbox:
                signal.pidfd_send_signal(running.pidfd, signal.SIGKILL)
        self._finish_removal(request.sandbox)

    def _finish_removal(self, name: str) -> None:
        sandbox = self._sandboxes.get(name)
        if sandbox is None or not sandbox.removal or any(running.sandbox == name for running in self._running.values()):
            return
        for descriptor in sandbox.namespaces:
            os.close(descriptor)
        del self._sandboxes[name]
        self._answer(sandbox.removal)

    def _start_container(self, request: wire.StartContainer, streams: list[int]) -> None:
        sandbox = self._sandbox(request.sandbox)
        syscalls.unshare(syscalls.NEWPID)
        try:
            child = spawn.container(
                request.root,
                request.program,
                sandbox=sandbox.namespaces,
                home=self._home(request.container),
                volumes=self._state / "volumes",
                streams=streams,
            )
        finally:
            syscalls.setns(self._pids, syscalls.NEWPID)
        self._watch(request.container, child, number=request.number, sandbox=request.sandbox)

    def _home(self, container: str) -> Path:
        return self._state / "containers" / container[:16]

    def _start_exec(self, request: wire.StartExec, streams: list[int]) -> None:
        container = self._running.get(request.container)
        if container is None or container.pending:
            raise OSError(errno.ESRCH, "the container is not running")
        syscalls.setns(container.pidfd, syscalls.NEWPID)
        try:
            child = spawn.inside(container.pidfd, request.program, streams=streams)
        finally:
            syscalls.setns(self._pids, syscalls.NEWPID)
        self._watch(request.key, child, number=request.number)

    def _watch(self, key: str, child: spawn.Child, *, number: int, sandbox: str = "") -> None:
        running = _Running(child.pid, os.pidfd_open(child.pid), sandbox, number)
        self._running[key] = running
        self._on(child.report, lambda: self._reported(key, running, child.report))
        self._on(running.pidfd, lambda: self._exited(key, running))

    def _on(self, descriptor: int, call: Callable[[], None]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, call)

    def _off(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)
        os.close(descriptor)

    def _reported(self, key: str, running: _Running, report: int) -> None:
        failure, _, text = os.read(report, 4096).decode().partition(" ")
        self._off(report)
        number, running.pending = running.pending, 0
        self._answer(number, failure=failure, text=text)
        if running.early is not None:
            self._gone(key, running, running.early)

    def _exited(self, key: str, running: _Running) -> None:
        _, status = os.waitpid(running.pid, 0)
        self._off(running.pidfd)
        code = spawn.exit_code(status)
        if running.pending:
            running.early = code
        else:
            self._gone(key, running, code)

    def _gone(self, key: str, running: _Running, code: int) -> None:
        del self._running[key]
        wire.send_notice(self._sock, wire.Exited(key, code))
        if running.sandbox:
            self._sweep(self._home(key))
            self._finish_removal(running.sandbox)

    def _sweep(self, folder: Path) -> None:
        """Remove a container's layers in a process of its own, so that a large one delays nobody."""
        pid = os.fork()
        if pid == 0:
            try:
                sweep(folder)
            finally:
                os._exit(0)
        pidfd = os.pidfd_open(pid)
        self._on(pidfd, lambda: self._reap(pid, pidfd))

    def _reap(self, pid: int, pidfd: int) -> None:
        os.waitpid(pid, 0)
        self._off(pidfd)

    def _kill(self, request: wire.Kill) -> None:
        running = self._running.get(request.key)
        if running is not None and running.early is None:
            signal.pidfd_send_signal(running.pidfd, request.signal)

    def _open_socket(self, request: wire.OpenSocket) -> None:
        syscalls.setns(self._sandbox(request.sandbox).namespaces[0], syscalls.NEWNET)
        try:
            with socket.socket() as inner:
                self._answer(request.number, descriptors=(inner.fileno(),))
        finally:
            self._return()


def _word(error: OSError) -> str:
    return "gone" if error.errno in {errno.ESRCH, errno.ENOMEM, errno.EINVAL} else "refused"
