import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web

from kdasync.errors import TransportError
from kdasync.kube.session import HttpTransport
from kdasync.kube.transport import Request


async def test_a_refused_connection_surely_sent_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = HttpTransport(f"http://127.0.0.1:{port}")
    with pytest.raises(TransportError) as caught:
        await transport.request(Request("POST", "/x"), timeout=5)
    assert not caught.value.sent
    await transport.close()


async def test_an_answer_that_does_not_come_in_time_may_have_been_sent(connect_to: Any) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    transport = await connect_to(hang)
    start = asyncio.get_running_loop().time()
    with pytest.raises(TransportError) as caught:
        await transport.request(Request("POST", "/x"), timeout=0.2)
    assert caught.value.sent
    assert asyncio.get_running_loop().time() - start < 2


async def test_a_connection_cut_before_the_answer_is_a_transport_error(connect_to: Any) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    with pytest.raises(TransportError) as caught:
        await (await connect_to(cut)).request(Request("POST", "/x"), timeout=5)
    assert caught.value.sent


async def test_a_cancelled_request_frees_its_connection(connect_to: Any) -> None:
    release = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        if request.path == "/hang":
            await release.wait()
        return web.Response()

    transport = await connect_to(hang, requests=1)
    task = asyncio.create_task(transport.request(Request("GET", "/hang"), timeout=30))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    response = await transport.request(Request("GET", "/next"), timeout=2)
    assert response.status == 200
    release.set()


async def test_credentials_that_do_not_come_count_against_the_time_out(connect_to: Any) -> None:
    async def never() -> str:
        await asyncio.sleep(30)
        return ""

    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(TransportError):
        await (await connect_to(answer, authorization=never)).request(Request("GET", "/x"), timeout=0.1)
