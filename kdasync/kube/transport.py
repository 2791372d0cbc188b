"""The seam below everything that speaks to an API server: request, byte stream, channel.

Why: the client, the list-watch machine and exec run unchanged over a real HTTPS session (`kube/session.py`), over devcluster
in the same process without sockets, and over the simulator's faulty wire on virtual time. Whoever severs a transport severs all.

Guarantees of every implementation: nothing is retried here; a non-2xx answer is returned, not raised; only `TransportError`
is raised; `timeout` is in seconds and is always honoured; cancelling a call releases its connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

Query = tuple[tuple[str, str], ...]


class Request(msgspec.Struct, frozen=True):
    """One HTTP request. `path` starts with `/` and has no query; `query` keeps order and repeats (exec's `command`)."""

    method: str
    path: str
    query: Query = ()
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """One complete answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Stream(Protocol):
    """An answer whose body arrives in pieces (watch, log). Ends by exhaustion; a cut raises TransportError."""

    @property
    def status(self) -> int:
        """HTTP status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case header names."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive, of any size. Silence longer than `idle_timeout` raises TransportError."""
        ...

    async def read(self) -> bytes:
        """The rest of the body (for a non-2xx answer)."""
        ...


class Channel(Protocol):
    """A message channel with the v5.channel.k8s.io subprotocol; a message is one binary frame, channel byte first."""

    @property
    def protocol(self) -> str:
        """The negotiated subprotocol."""
        ...

    async def send(self, message: bytes) -> None:
        """Send one frame."""
        ...

    async def receive(self) -> bytes | None:
        """Next frame, or None once the peer closed cleanly; a cut raises TransportError."""
        ...

    async def close(self) -> None:
        """Close our side."""
        ...


class ChannelRefused(Exception):
    """The upgrade was answered with a plain response (404, 403, 501 ...)."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"upgrade refused with {response.status}")
        self.response = response


class Transport(Protocol):
    """What `kube/` needs of a wire."""

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        """Send and read the whole answer within `timeout` seconds."""
        ...

    def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AbstractAsyncContextManager[Stream]:
        """Send and hand out the answer piece by piece; leaving the context cuts it."""
        ...

    def channel(self, request: Request, *, connect_timeout: float) -> AbstractAsyncContextManager[Channel]:
        """Upgrade to a WebSocket. Raises ChannelRefused or TransportError."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...
