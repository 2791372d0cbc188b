"""Port-forward over a channel reaches a listening socket, and says so when nothing listens."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kdasync.kube.transport import ChannelRefused, Request

PATH = "/api/v1/namespaces/default/pods/p/portforward"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def pods(api: Any, access: Any) -> Any:
    del access
    await api.made(
        "/api/v1/namespaces/default/pods",
        {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}},
    )
    return api


async def test_bytes_go_both_ways(pods: Any, port: int) -> None:
    async with pods.transport.channel(Request("GET", PATH, (("ports", str(port)),)), connect_timeout=5) as opened:
        assert await opened.receive() == b"\x00" + struct.pack("<H", port)
        assert await opened.receive() == b"\x01" + struct.pack("<H", port)
        await opened.send(b"\x00hello\n")
        assert await opened.receive() == b"\x00HELLO\n"


async def test_a_closed_port_is_an_error_frame(pods: Any, unused_tcp_port: int) -> None:
    query = (("ports", str(unused_tcp_port)),)
    async with pods.transport.channel(Request("GET", PATH, query), connect_timeout=5) as opened:
        await opened.receive()
        await opened.receive()
        frame = await opened.receive()
    assert frame is not None
    assert frame.startswith(b"\x01error forwarding port")


async def test_without_ports_it_is_refused(pods: Any) -> None:
    with pytest.raises(ChannelRefused) as refused:
        async with pods.transport.channel(Request("GET", PATH), connect_timeout=5):
            pass
    assert refused.value.response.status == 400
