"""The caller's ends of a process's standard streams: pull-based reading, so that a slow reader slows the process, not the memory."""

from __future__ import annotations

import asyncio
import os
from collections import deque

_CHUNK = 65536


class Ends:
    """Both ends of the pipes (or one terminal) of a process that is about to be started. `merged`: one pipe for both outputs."""

    def __init__(self, *, stdin: bool, tty: bool, merged: bool = False) -> None:
        if tty:
            master, slave = os.openpty()
            self.theirs = (slave, slave, slave)
            self.stdin, self.outputs = (os.dup(master) if stdin else -1), {master: 1}
        else:
            given, self.stdin = os.pipe() if stdin else (os.open(os.devnull, os.O_RDONLY), -1)
            out, their_out = os.pipe()
            err, their_err = (out, their_out) if merged else os.pipe()
            self.theirs = (given, their_out, their_err)
            self.outputs = {out: 1} if merged else {out: 1, err: 2}
        for descriptor in (*self.outputs, *([self.stdin] if stdin else [])):
            os.set_blocking(descriptor, False)

    def started(self) -> None:
        """Close the process's ends: it has its own copies now, or it never will."""
        for descriptor in set(self.theirs):
            os.close(descriptor)

    def abandon(self) -> None:
        """Close the caller's ends: the process was not started."""
        for descriptor in (*self.outputs, *([self.stdin] if self.stdin >= 0 else [])):
            os.close(descriptor)


class Output:
    """Reads (stream number, bytes) from several descriptors until all ended, or until `exited` and nothing is left in them.

    The second: detached children may hold the pipes for ever; what the process itself wrote is in them when it ends.
    """

    def __init__(self, descriptors: dict[int, int], exited: asyncio.Future[int]) -> None:
        self._open = dict(descriptors)
        self._exited = exited
        self._loop = asyncio.get_running_loop()

    async def read(self) -> tuple[int, bytes] | None:
        """Next piece, or None at the end."""
        while self._open:
            over = self._exited.done()
            found = self._take()
            if found is not None:
                return found
            if over:
                self.close()
            elif self._open:
                await self._wait()
        return None

    def _take(self) -> tuple[int, bytes] | None:
        for descriptor, stream in list(self._open.items()):
            try:
                data = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                data = b""  # a terminal whose other side is closed
            if data:
                return stream, data
            del self._open[descriptor]
            os.close(descriptor)
        return None

    async def _wait(self) -> None:
        """Until something can be read or the process ended."""
        event = asyncio.Event()

        def wake(_: object = None) -> None:
            event.set()

        for descriptor in self._open:
            self._loop.add_reader(descriptor, wake)
        self._exited.add_done_callback(wake)
        try:
            await event.wait()
        finally:
            self._exited.remove_done_callback(wake)
            for descriptor in self._open:
                self._loop.remove_reader(descriptor)

    def close(self) -> None:
        """Read no more."""
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()


class Input:
    """Writes to a process. What it no longer reads is dropped, as a container runtime does."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()

    async def write(self, data: bytes) -> None:
        """All of `data`, as fast as the process reads it."""
        view = memoryview(data)
        while view and self._descriptor >= 0:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                await self._writable()
            except OSError:
                self.close()

    async def _writable(self) -> None:
        event = asyncio.Event()
        descriptor = self._descriptor
        self._loop.add_writer(descriptor, event.set)
        try:
            await event.wait()
        finally:
            self._loop.remove_writer(descriptor)

    def close(self) -> None:
        """End of file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Log:
    """The newest `limit` bytes, taken from a descriptor as they come."""

    def __init__(self, descriptor: int, *, limit: int) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self.drain)

    def drain(self) -> None:
        """Take what is there now."""
        while self._descriptor >= 0:
            try:
                data = os.read(self._descriptor, _CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
            self._append(data)

    def _append(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        while self._size - len(self._parts[0]) >= self._limit:
            self._size -= len(self._parts.popleft())

    def content(self) -> bytes:
        """The newest bytes."""
        self.drain()
        return b"".join(self._parts)[-self._limit :]

    def close(self) -> None:
        """Take no more."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
