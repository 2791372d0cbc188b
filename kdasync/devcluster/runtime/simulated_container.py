"""A container without processes: what a test or the simulator needs of one, on any clock.

Why: thousands of members on virtual time, with every fault a real container can have. What a guest does is not known here: a
`Guest` plays its main process and answers execs.

Flow: `start` makes a container and spawns `Guest.main`; its end is the container's exit. An exec is one task running
`Guest.exec`; killing the exec cancels that task only, the guest's detached work (`SimulatedContainer.spawn`) lives on until the
container ends, as under containerd.

Guarantees: after a container's end no task of it is left. Nothing here reads a clock or draws a random number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import msgspec

from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec

SIGKILL = 9
SIGTERM = 15
_SIGNALLED = 128
_BROKEN = 255  # the guest model itself raised


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How one container behaves; the default is a healthy one.

    Attributes:
        start_seconds: from the order to start until it runs.
        stop_seconds: from SIGTERM until it ends by itself.
        hide_id: its id is never reported (a broken container runtime).
        disk_full: a guest model must refuse to write.
        cut_exec: an exec's stream is cut after so many bytes of output, -1 = never.
        fail: starting it fails with this sentence.
    """

    start_seconds: float = 0
    stop_seconds: float = 0
    hide_id: bool = False
    disk_full: bool = False
    cut_exec: int = -1
    fail: str = ""


class ExecCall:
    """One exec as its guest sees it: a command, stdin to read, stdout (1) and stderr (2) to write."""

    def __init__(self, container: SimulatedContainer, command: tuple[str, ...]) -> None:
        self.container = container
        self.command = command
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue()
        self._output: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()

    async def read(self) -> bytes:
        """Next piece of stdin, empty at its end (and for ever after)."""
        piece = await self._stdin.get()
        if not piece:
            self._stdin.put_nowait(b"")
        return piece

    async def read_all(self) -> bytes:
        """Stdin until its end."""
        pieces = []
        while piece := await self.read():
            pieces.append(piece)
        return b"".join(pieces)

    def write(self, stream: int, data: bytes) -> None:
        """To stdout (1) or stderr (2)."""
        self._output.put_nowait((stream, data))


class Guest(Protocol):
    """What runs in a container."""

    async def main(self, container: SimulatedContainer) -> int:
        """The main process: returns its exit code, or waits for ever. Cancelled when the container is stopped."""
        ...

    def finds(self, container: SimulatedContainer, executable: str) -> bool:
        """Whether an executable exists in the container."""
        ...

    async def exec(self, call: ExecCall) -> int:
        """Answer one exec; returns its exit code. Cancelled when the exec is killed or the container ends."""
        ...


class IdleGuest:
    """Containers named `init...` end at once with success, others run for ever; every exec succeeds without output."""

    async def main(self, container: SimulatedContainer) -> int:
        """See the class."""
        if not container.spec.name.startswith("init"):
            await asyncio.Event().wait()
        return 0

    def finds(self, container: SimulatedContainer, executable: str) -> bool:  # noqa: ARG002 - part of the contract
        """Everything exists."""
        return True

    async def exec(self, call: ExecCall) -> int:
        """See the class."""
        await call.read_all()
        return 0


class SimulatedProcess:
    """A running exec."""

    def __init__(self, call: ExecCall, guest: Guest, *, cut: int) -> None:
        self._call = call
        self._left = cut
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(guest))

    async def write(self, data: bytes) -> None:
        """To stdin."""
        if data:
            self._call._stdin.put_nowait(data)  # noqa: SLF001 - the two ends of one pipe

    async def close_stdin(self) -> None:
        """End of file on stdin."""
        self._call._stdin.put_nowait(b"")  # noqa: SLF001 - the two ends of one pipe

    async def read(self) -> tuple[int, bytes] | None:
        """Next piece of output, None at its end.

        Raises:
            ConnectionResetError: the container's `cut_exec` was reached.
        """
        output = self._call._output  # noqa: SLF001 - the two ends of one pipe
        piece = await output.get()
        if piece is None:
            output.put_nowait(None)
        elif self._left >= 0:
            self._left -= len(piece[1])
            if self._left < 0:
                raise ConnectionResetError("the exec was cut")
        return piece

    async def wait(self) -> int:
        """Exit code."""
        return await asyncio.shield(self._exit)

    def kill(self) -> None:
        """End the exec's own task."""
        self._end(_SIGNALLED + SIGKILL)
        self._task.cancel()

    def _end(self, code: int) -> None:
        if not self._exit.done():
            self._exit.set_result(code)
            self._call._output.put_nowait(None)  # noqa: SLF001 - the two ends of one pipe

    async def _run(self, guest: Guest) -> None:
        try:
            self._end(await guest.exec(self._call))
        finally:
            self._end(_BROKEN)


class SimulatedContainer:
    """A started container.

    Attributes:
        spec, sandbox: what it was started from.
        behaviour: its faults; a test may replace it while it runs.
        disk: the guest model's memory of the container's own file system; gone with the container.
        volumes: the same per volume source; they survive containers and pods.
        oom_killed: it ended for lack of memory.
    """

    def __init__(
        self,
        *,
        identity: str,
        spec: ContainerSpec,
        sandbox: SandboxSpec,
        behaviour: Behaviour,
        guest: Guest,
        volumes: dict[str, dict[str, Any]],
    ) -> None:
        self._identity = identity
        self.spec = spec
        self.sandbox = sandbox
        self.behaviour = behaviour
        self.volumes = volumes
        self.disk: dict[str, Any] = {}
        self.oom_killed = False
        self._guest = guest
        self._log = bytearray()
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._spawned = 0
        self._processes: dict[int, SimulatedProcess] = {}
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.spawn(self._main())

    @property
    def id(self) -> str:
        """Container id, empty while it is hidden."""
        return "" if self.behaviour.hide_id else self._identity

    @property
    def running(self) -> bool:
        """It has not ended."""
        return not self._exit.done()

    def volume(self, source: str) -> dict[str, Any]:
        """The guest model's memory of one volume."""
        return self.volumes.setdefault(source, {})

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` detached; it ends with the container at the latest."""
        number = self._spawned = self._spawned + 1
        task = self._tasks[number] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
        return task

    def write_log(self, data: bytes) -> None:
        """The main process writes to its log."""
        self._log += data
        del self._log[: -1024 * 1024]

    async def wait(self) -> int:
        """Exit code of the main process."""
        return await asyncio.shield(self._exit)

    async def exec(self, command: tuple[str, ...], *, stdin: bool, tty: bool) -> SimulatedProcess:  # noqa: ARG002 - no terminal is simulated
        """Ask the guest.

        Raises:
            RuntimeError: the container has ended.
            FileNotFoundError: the guest does not find the executable.
        """
        if not self.running:
            raise RuntimeError(f"container {self.spec.name} is not running")
        if not self._guest.finds(self, command[0]):
            raise FileNotFoundError(f"{command[0]}: executable file not found")
        process = SimulatedProcess(ExecCall(self, command), self._guest, cut=self.behaviour.cut_exec)
        if not stdin:
            await process.close_stdin()
        number = self._spawned = self._spawned + 1
        self._processes[number] = process
        process._exit.add_done_callback(lambda _: self._processes.pop(number, None))  # noqa: SLF001 - ours to watch
        return process

    def log(self) -> bytes:
        """What was written to the log, the newest MiB."""
        return bytes(self._log)

    async def stop(self, *, grace: float) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds."""
        if not self.running:
            return
        polite = self.behaviour.stop_seconds <= grace
        await asyncio.sleep(min(self.behaviour.stop_seconds, grace))
        self.kill(SIGTERM if polite else SIGKILL)

    def kill(self, signal: int = SIGKILL) -> None:
        """A signal ends the main process, and with it everything in the container."""
        self._end(_SIGNALLED + signal)

    def oom(self) -> None:
        """The kernel kills it for lack of memory."""
        self.oom_killed = True
        self.kill()

    def _end(self, code: int) -> None:
        if self._exit.done():
            return
        self._exit.set_result(code)
        for process in list(self._processes.values()):
            process.kill()
        for task in list(self._tasks.values()):
            if task is not asyncio.current_task():
                task.cancel()

    async def _main(self) -> None:
        try:
            self._end(await self._guest.main(self))
        finally:
            self._end(_BROKEN)
