"""Two ends of a message channel in one process.

Why unbounded: both ends live in one event loop and the pumps above wait for each other's answers; a bound here could only deadlock.
"""

from __future__ import annotations

import asyncio


class _End:
    def __init__(self, outgoing: asyncio.Queue[bytes | None], incoming: asyncio.Queue[bytes | None]) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self.peer_gone = False
        self.ended = False

    async def send(self, message: bytes) -> None:
        """Send one frame; dropped if the peer is gone."""
        if not self.peer_gone:
            self._outgoing.put_nowait(message)

    async def receive(self) -> bytes | None:
        """Next frame, or None after the peer closed."""
        if self.ended:
            return None
        message = await self._incoming.get()
        if message is None:
            self.ended = True
        return message


class Pipe:
    """A channel: `client` and `server` end."""

    def __init__(self, protocol: str) -> None:
        up: asyncio.Queue[bytes | None] = asyncio.Queue()
        down: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.protocol = protocol
        self.client = _End(up, down)
        self.server = _End(down, up)
        self._up = up
        self._down = down

    def client_ended(self) -> None:
        """The client closed."""
        self.server.peer_gone = True
        self._up.put_nowait(None)

    def server_ended(self) -> None:
        """The server closed."""
        self.client.peer_gone = True
        self._down.put_nowait(None)
