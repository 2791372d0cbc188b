"""What a handler may answer with: a complete response, a body in pieces, or an upgrade to a WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from kdasync.devcluster.status import JSON_HEADERS
from kdasync.kube.transport import Response

Json = dict[str, Any]


class Chunks(Protocol):
    """A body that arrives in pieces and can be given up."""

    def __aiter__(self) -> Chunks:
        """Itself."""
        ...

    async def __anext__(self) -> bytes:
        """The next piece."""
        ...

    def close(self) -> None:
        """Stop producing."""
        ...


class Streaming(msgspec.Struct, frozen=True, eq=False):
    """An answer whose body arrives in pieces."""

    chunks: Chunks
    headers: Mapping[str, str] = JSON_HEADERS
    status: int = 200


class ServerChannel(Protocol):
    """The server's end of a WebSocket."""

    async def send(self, message: bytes) -> None:
        """Send one frame. A gone client is no error."""
        ...

    async def receive(self) -> bytes | None:
        """Next frame, None once the client is gone."""
        ...


class Upgrade(msgspec.Struct, frozen=True):
    """The request becomes a WebSocket with `protocol`; `serve` runs it to its end."""

    protocol: str
    serve: Callable[[ServerChannel], Coroutine[Any, Any, None]]


Answer = Response | Streaming | Upgrade


def encode(value: Any) -> bytes:
    """JSON with the final newline that kube-apiserver writes."""
    return msgspec.json.encode(value) + b"\n"


def json_response(value: Any, *, status: int = 200, content_type: str = "application/json") -> Response:
    """An answer with a JSON body."""
    return Response(status, {"content-type": content_type}, encode(value))
