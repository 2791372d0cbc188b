"""One watch connection: opened, read line by line, closed, each explicitly.

Why ours: aiohttp's line reader raises on a long line, and asynchronous generators that nobody closed keep a connection until the
garbage collector comes by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from kdasync.kube.status import failure, succeeded
from kdasync.kube.transport import Request, Response, Transport


class Flow:
    """Lines of one answer; a chunk of the network at a time, which is what keeps many events cheap."""

    __slots__ = ("_chunks", "_stack", "_tail", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._stack = AsyncExitStack()
        self._chunks: AsyncIterator[bytes] | None = None
        self._tail: list[bytes] = []

    async def open(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> None:
        """Connect.

        Raises:
            ApiError: the server refused.
            TransportError: no connection.
        """
        await self.close()
        stream = await self._stack.enter_async_context(
            self._transport.stream(request, connect_timeout=connect_timeout, idle_timeout=idle_timeout)
        )
        if not succeeded(Response(stream.status)):
            raise failure(Response(stream.status, stream.headers, await stream.read()))
        self._chunks = stream.chunks()

    async def lines(self) -> list[bytes] | None:
        """The next complete lines (maybe none yet), or None at the end.

        Raises:
            TransportError: cut or silent.
        """
        if self._chunks is None:
            return None
        chunk = await anext(self._chunks, None)
        return None if chunk is None else self._split(chunk)

    def _split(self, chunk: bytes) -> list[bytes]:
        """Complete lines; the pieces of an incomplete one are joined once, when it ends."""
        head, *rest = chunk.split(b"\n")
        self._tail.append(head)
        if not rest:
            return []
        lines = [b"".join(self._tail), *rest[:-1]]
        self._tail = [rest[-1]]
        return [line for line in lines if line]

    async def close(self) -> None:
        """Cut the connection."""
        chunks, self._chunks, self._tail = self._chunks, None, []
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
