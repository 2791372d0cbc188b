"""The runtime's end of the socket to the node: requests with answers by number, and the ends of processes, as futures."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket

from kdasync.devcluster.runtime.process import wire

_GONE = "the node process ended. Start the runtime again."


class Channel:
    """One connection. Guarantees: when the node is gone, every waiting call raises RuntimeError and every process counts as killed."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[list[int] | str]] = {}
        self._exits: dict[str, asyncio.Future[int]] = {}
        self._kills: set[asyncio.Task[str]] = set()
        self._sending = asyncio.Lock()
        self._closed = False
        self.ready: asyncio.Future[str] = self._loop.create_future()
        self._loop.add_reader(sock, self._receive)

    def statistics(self) -> dict[str, int]:
        """Requests without an answer yet, and processes that run."""
        return {"waiting": len(self._answers), "processes": sum(not future.done() for future in self._exits.values())}

    @property
    def closed(self) -> bool:
        """The node is gone, and every process with it."""
        return self._closed

    def number(self) -> int:
        """A number for the next request."""
        return next(self._numbers)

    async def call(self, request: wire.AnyRequest, descriptors: tuple[int, ...] = ()) -> str:
        """Send and wait for the text of the answer.

        Raises:
            FileNotFoundError: the program is missing.
            RuntimeError: the container, the sandbox or the node is gone.
            OSError: the kernel refused.
        """
        answer = await self._exchange(request, descriptors)
        return answer if isinstance(answer, str) else ""

    def kill(self, key: str) -> None:
        """Send SIGKILL to a process, now or as soon as it is started; nobody waits for the answer."""
        if not self._closed:
            task = asyncio.ensure_future(self.call(wire.Kill(self.number(), key, signal.SIGKILL)))
            self._kills.add(task)
            task.add_done_callback(self._killed)

    def _killed(self, task: asyncio.Task[str]) -> None:
        self._kills.discard(task)
        if not task.cancelled():
            task.exception()  # the node is gone, and with it the process

    async def start(
        self, request: wire.StartContainer | wire.StartExec, key: str, descriptors: tuple[int, ...]
    ) -> asyncio.Future[int]:
        """Start a process; the future is its exit code. If the caller is cancelled, the process is killed. Raises as `call`."""
        exited: asyncio.Future[int] = self._loop.create_future()
        self._exits[key] = exited
        try:
            await self.call(request, descriptors)
        except BaseException:
            self._exits.pop(key, None)
            self.kill(key)
            raise
        return exited

    async def call_for_descriptor(self, request: wire.AnyRequest) -> int:
        """Send and wait for the descriptor that comes with the answer; the caller closes it. Raises as `call`."""
        answer = await self._exchange(request, ())
        return answer[0] if isinstance(answer, list) else -1

    async def _exchange(self, request: wire.AnyRequest, descriptors: tuple[int, ...]) -> list[int] | str:
        if self._closed:
            raise RuntimeError(_GONE)
        future: asyncio.Future[list[int] | str] = self._loop.create_future()
        self._answers[request.number] = future
        async with self._sending:
            await self._send(request, descriptors)
        return await future

    async def _send(self, request: wire.AnyRequest, descriptors: tuple[int, ...]) -> None:
        while not self._closed:
            try:
                return wire.send_request(self._sock, request, descriptors)
            except BlockingIOError:
                await self._writable()
            except OSError:
                return self._end()
        return None

    async def _writable(self) -> None:
        event = asyncio.Event()
        self._loop.add_writer(self._sock, event.set)
        try:
            await event.wait()
        finally:
            self._loop.remove_writer(self._sock)

    def _receive(self) -> None:
        try:
            message = wire.receive_notice(self._sock)
        except BlockingIOError:
            return
        except ConnectionError:
            message = None
        if message is None:
            self._end()
        else:
            self._dispatch(*message)

    def _dispatch(self, notice: wire.AnyNotice, descriptors: list[int]) -> None:
        match notice:
            case wire.Ready():
                self.ready.set_result(notice.problem)
            case wire.Exited():
                if (exited := self._exits.pop(notice.key, None)) is not None:
                    exited.set_result(notice.code)
            case wire.Answer():
                self._settle(self._answers.pop(notice.number), notice, descriptors)

    def _settle(self, future: asyncio.Future[list[int] | str], answer: wire.Answer, descriptors: list[int]) -> None:
        if future.cancelled():
            for descriptor in descriptors:
                os.close(descriptor)
        elif answer.failure:
            future.set_exception(_error(answer))
        else:
            future.set_result(descriptors or answer.text)

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock)
        self._sock.close()
        if not self.ready.done():
            self.ready.set_result(_GONE)
        for future in self._answers.values():
            if not future.done():
                future.set_exception(RuntimeError(_GONE))
        for exited in self._exits.values():
            exited.set_result(137)

    def close(self) -> None:
        """Hang up; the node ends everything."""
        self._end()


def _error(answer: wire.Answer) -> Exception:
    kinds: dict[str, type[Exception]] = {"missing": FileNotFoundError, "gone": RuntimeError}
    return kinds.get(answer.failure, OSError)(answer.text)
