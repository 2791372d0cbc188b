"""The sockets of the DNS responder, on the node's own loop: UDP for nearly everything, TCP for long answers."""

from __future__ import annotations

import selectors
import socket
import struct
from collections.abc import Iterator

from kdasync.devcluster.runtime.process.names import Names

_PORT = 53
_LONGEST = 65535
_HEADER = 12


class Resolver:
    """Answers from `names`. Assumes small queries that arrive in one piece; a client that sends less is hung up on."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.names = Names()
        self._selector = selector

    def listen(self, address: str) -> None:
        """Serve on port 53 of `address`."""
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        datagrams.bind((address, _PORT))
        self._selector.register(datagrams, selectors.EVENT_READ, lambda: self._datagram(datagrams))
        streams = socket.create_server((address, _PORT))
        streams.setblocking(False)
        self._selector.register(streams, selectors.EVENT_READ, lambda: self._accept(streams))

    def _datagram(self, sock: socket.socket) -> None:
        query, peer = sock.recvfrom(_LONGEST)
        if len(query) >= _HEADER:
            sock.sendto(self.names.answer(query), peer)

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._stream(connection))

    def _stream(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(_LONGEST)
            replies = b"".join(self._framed(query) for query in _queries(data))
            sent = connection.send(replies) if replies else 0
        except (BlockingIOError, ConnectionError):
            sent = 0
        if not sent:
            self._selector.unregister(connection)
            connection.close()

    def _framed(self, query: bytes) -> bytes:
        reply = self.names.answer(query, limit=_LONGEST)
        return struct.pack(">H", len(reply)) + reply


def _queries(data: bytes) -> Iterator[bytes]:
    """The whole queries in what arrived: a resolver sends A and AAAA together."""
    while len(data) >= 2 + _HEADER and (size := struct.unpack_from(">H", data)[0]) <= len(data) - 2:
        yield data[2 : 2 + size]
        data = data[2 + size :]
