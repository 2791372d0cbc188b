"""A running container and its execs, as the caller holds them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import msgspec

from kdasync.devcluster.runtime.process import wire
from kdasync.devcluster.runtime.process.channel import Channel
from kdasync.devcluster.runtime.process.streams import Ends, Input, Log, Output


class ProcessExec:
    """A running exec.

    `read` ends when both streams ended, or when the exec ended and all that it wrote was read: children that it left behind may hold
    the streams, and nobody waits for them.
    """

    def __init__(self, node: Channel, key: str, *, exited: asyncio.Future[int], ends: Ends) -> None:
        self._node = node
        self._key = key
        self._exited = exited
        self._input = Input(ends.stdin)
        self._output = Output(ends.outputs, exited)
        exited.add_done_callback(lambda _: self._input.close())

    async def write(self, data: bytes) -> None:
        """To stdin; dropped once nobody reads it."""
        await self._input.write(data)

    async def close_stdin(self) -> None:
        """End of file on stdin."""
        self._input.close()

    async def read(self) -> tuple[int, bytes] | None:
        """Next (1 = stdout or 2 = stderr, bytes), or None at the end. With a terminal everything is 1."""
        return await self._output.read()

    async def wait(self) -> int:
        """Exit code, 128 + signal if killed."""
        return await asyncio.shield(self._exited)

    def kill(self) -> None:
        """SIGKILL the exec's own process; its detached children live on."""
        if not self._exited.done():
            self._node.kill(self._key)


class ProcessContainer:
    """A started container. Its execs run as its own user, in its own environment."""

    def __init__(
        self,
        node: Channel,
        identity: str,
        *,
        exited: asyncio.Future[int],
        log: Log,
        ids: Callable[[], str],
        program: wire.Program,
        stdin: int = -1,
    ) -> None:
        self._node = node
        self._id = identity
        self._key = identity.partition("://")[2]
        self._exited = exited
        self._log = log
        self._ids = ids
        self._program = program
        self._stdin = Input(stdin)
        exited.add_done_callback(lambda _: self._ended())

    def _ended(self) -> None:
        self._stdin.close()
        self._log.drain()

    @property
    def id(self) -> str:
        """`kdasync://` and 64 hexadecimal digits."""
        return self._id

    async def wait(self) -> int:
        """Exit code of the main process, 128 + signal if killed."""
        return await asyncio.shield(self._exited)

    async def exec(self, command: tuple[str, ...], *, stdin: bool, tty: bool) -> ProcessExec:
        """Start a process inside.

        Raises:
            FileNotFoundError: the executable is missing or may not be executed.
            RuntimeError: the container is not running.
        """
        if self._exited.done():
            raise RuntimeError(f"container {self._id} is not running")
        key, ends = self._ids(), Ends(stdin=stdin, tty=tty)
        task = msgspec.structs.replace(self._program, argv=command, tty=tty)
        try:
            exited = await self._node.start(wire.StartExec(self._node.number(), self._key, key, task), key, ends.theirs)
        except BaseException:
            ends.abandon()
            raise
        finally:
            ends.started()
        return ProcessExec(self._node, key, exited=exited, ends=ends)

    def log(self) -> bytes:
        """The newest output of the main process, both streams in the order of writing."""
        return self._log.content()

    async def stop(self, *, grace: float) -> None:
        """SIGTERM, after `grace` seconds SIGKILL; returns when every process of the container is gone."""
        if grace > 0 and not self._exited.done():
            await self._signal(signal.SIGTERM)
            await asyncio.wait([self._exited], timeout=grace)
        if not self._exited.done():
            await self._signal(signal.SIGKILL)
            await asyncio.shield(self._exited)

    async def _signal(self, number: signal.Signals) -> None:
        await self._node.call(wire.Kill(self._node.number(), self._key, number))
