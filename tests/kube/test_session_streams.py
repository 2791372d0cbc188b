import asyncio
from typing import Any

import pytest
from aiohttp import web

from kdasync.errors import TransportError
from kdasync.kube.transport import Request

OPEN = {"connect_timeout": 5.0, "idle_timeout": 0.3}


def streaming(*pieces: Any) -> Any:
    """Bytes are sent, a number waits, `abort` cuts."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            if isinstance(piece, bytes):
                await response.write(piece)
            elif piece == "abort":
                assert request.transport is not None
                request.transport.abort()
            else:
                await asyncio.sleep(piece)
        return response

    return handler


async def collect(stream: Any, into: list[bytes]) -> None:
    chunks = stream.chunks()
    try:
        async for chunk in chunks:
            into.append(chunk)  # noqa: PERF401 - what came before the cut counts
    finally:
        await chunks.aclose()


async def test_pieces_arrive_as_they_are_sent(connect_to: Any) -> None:
    transport = await connect_to(streaming(b"one", 0.1, b"two"))
    pieces: list[bytes] = []
    async with transport.stream(Request("GET", "/x"), **OPEN) as stream:
        assert stream.status == 200
        await collect(stream, pieces)
    assert pieces == [b"one", b"two"]


async def test_silence_longer_than_the_idle_timeout_is_a_cut(connect_to: Any) -> None:
    transport = await connect_to(streaming(b"one", 20))
    pieces: list[bytes] = []
    async with transport.stream(Request("GET", "/x"), **OPEN) as stream:
        with pytest.raises(TransportError):
            await collect(stream, pieces)
    assert pieces == [b"one"]


async def test_a_cut_is_not_mistaken_for_an_end(connect_to: Any) -> None:
    transport = await connect_to(streaming(b"one", 0.05, "abort"))
    async with transport.stream(Request("GET", "/x"), **OPEN) as stream:
        with pytest.raises(TransportError):
            await collect(stream, [])


async def test_leaving_cuts_the_connection(connect_to: Any) -> None:
    gone = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
            raise

    transport = await connect_to(handler)
    async with transport.stream(Request("GET", "/x"), **OPEN) as stream:
        assert stream.status == 200
    await asyncio.wait_for(gone.wait(), 2)


async def test_a_refused_stream_gives_its_body(connect_to: Any) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=410, body=b"expired")

    async with (await connect_to(refuse)).stream(Request("GET", "/x"), **OPEN) as stream:
        assert (stream.status, await stream.read()) == (410, b"expired")


async def test_streams_do_not_use_up_the_slots_of_requests(connect_to: Any) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await streaming(b"x", 5)(request) if request.path == "/watch" else web.Response()

    transport = await connect_to(handler, requests=1)
    async with transport.stream(Request("GET", "/watch"), **OPEN), transport.stream(Request("GET", "/watch"), **OPEN):
        assert (await transport.request(Request("GET", "/get"), timeout=2)).status == 200
