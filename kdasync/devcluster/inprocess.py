"""A transport without sockets: the operator and devcluster in one process, also on virtual time.

Guarantees: those of `kdasync.kube.transport.Transport`; every call yields to the event loop at least once, as a real wire does.
`sever` ends every open call with TransportError at once and refuses new ones until `mend`. A request that was severed after it was
handled has happened: its answer is lost, as on a real wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kdasync.devcluster.answers import Answer, Chunks, Streaming, Upgrade
from kdasync.devcluster.pipe import Pipe
from kdasync.devcluster.server import ApiServer
from kdasync.devcluster.status import bad_request
from kdasync.errors import TransportError
from kdasync.kube.transport import Channel, ChannelRefused, Request, Response, Stream


class _Wire:
    """Bounds every wait by a time-out, and cuts all of them on demand."""

    def __init__(self) -> None:
        self._scopes: dict[asyncio.Timeout, None] = {}
        self.severed = False

    @asynccontextmanager
    async def bound(self, seconds: float | None, *, sent: bool = True) -> AsyncIterator[None]:
        if self.severed:
            raise TransportError("the connection is cut", sent=False)
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                self._scopes[scope] = None
                try:
                    yield
                finally:
                    self._scopes.pop(scope, None)
        except TimeoutError as error:
            raise TransportError(
                "the connection was cut" if self.severed else f"no answer within {seconds} s", sent=sent
            ) from error

    def sever(self) -> None:
        self.severed = True
        for scope in list(self._scopes):
            scope.reschedule(asyncio.get_running_loop().time())


class _Body:
    """A stream's client side."""

    def __init__(self, answer: Response | Streaming, wire: _Wire, idle: float) -> None:
        self.status = answer.status
        self.headers = dict(answer.headers)
        self._answer = answer
        self._wire = wire
        self._idle = idle

    async def _next(self, source: Chunks) -> bytes | None:
        async with self._wire.bound(self._idle):
            try:
                return await source.__anext__()
            except StopAsyncIteration:
                return None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive."""
        if isinstance(self._answer, Response):
            yield self._answer.body
            return
        while (chunk := await self._next(self._answer.chunks)) is not None:
            yield chunk

    async def read(self) -> bytes:
        """The rest."""
        if isinstance(self._answer, Response):
            return self._answer.body
        parts = []
        while (chunk := await self._next(self._answer.chunks)) is not None:
            parts.append(chunk)
        return b"".join(parts)


class InProcessTransport:
    """Requests on an `ApiServer` in this event loop."""

    def __init__(self, server: ApiServer, *, token: str = "") -> None:
        self._server = server
        self._wire = _Wire()
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def sever(self) -> None:
        """Cut every open call and refuse new ones."""
        self._wire.sever()

    def mend(self) -> None:
        """Accept calls again."""
        self._wire.severed = False

    async def _answer(self, request: Request, seconds: float) -> Answer:
        if self._headers:
            request = Request(request.method, request.path, request.query, {**self._headers, **request.headers}, request.body)
        async with self._wire.bound(seconds):
            await asyncio.sleep(0)
            return await self._server.answer(request)

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        """Send and read the whole answer."""
        async with self._wire.bound(timeout):
            answer = await self._answer(request, timeout)
            if isinstance(answer, Response):
                return answer
            if isinstance(answer, Upgrade):
                return bad_request("Upgrade request required").response()
            try:
                parts = [chunk async for chunk in answer.chunks]
            finally:
                answer.chunks.close()
            return Response(answer.status, answer.headers, b"".join(parts))

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AsyncIterator[Stream]:
        """Send and hand out the answer piece by piece."""
        answer = await self._answer(request, connect_timeout)
        if isinstance(answer, Upgrade):
            answer = bad_request("Upgrade request required").response()
        try:
            yield _Body(answer, self._wire, idle_timeout)
        finally:
            if isinstance(answer, Streaming):
                answer.chunks.close()

    @asynccontextmanager
    async def channel(self, request: Request, *, connect_timeout: float) -> AsyncIterator[Channel]:
        """Upgrade to a WebSocket."""
        answer = await self._answer(request, connect_timeout)
        if isinstance(answer, Streaming):
            answer.chunks.close()
            raise ChannelRefused(Response(400, {}, b"this is not an upgrade"))
        if isinstance(answer, Response):
            raise ChannelRefused(answer)
        pipe = Pipe(answer.protocol)
        task = asyncio.get_running_loop().create_task(answer.serve(pipe.server), name=f"channel {request.path}")
        task.add_done_callback(lambda _: pipe.server_ended())
        try:
            yield _Cuttable(pipe, self._wire)
        finally:
            pipe.client_ended()
            await _finish(task)

    async def close(self) -> None:
        """Cut everything for good."""
        self._wire.sever()


async def _finish(task: asyncio.Task[None]) -> None:
    """Let the server's side notice; it ends by itself once its client is gone."""
    try:
        await asyncio.wait_for(task, timeout=5)
    except (TimeoutError, OSError):  # a cut stream is the pod's affair: the client has seen the cut already
        return


class _Cuttable:
    """The client's end of a channel, which a severed wire cuts."""

    def __init__(self, pipe: Pipe, wire: _Wire) -> None:
        self._pipe = pipe
        self._wire = wire

    @property
    def protocol(self) -> str:
        return self._pipe.protocol

    async def send(self, message: bytes) -> None:
        async with self._wire.bound(None):
            await self._pipe.client.send(message)

    async def receive(self) -> bytes | None:
        async with self._wire.bound(None):
            return await self._pipe.client.receive()

    async def close(self) -> None:
        self._pipe.client_ended()
