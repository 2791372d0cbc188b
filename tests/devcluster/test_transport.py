"""The in-process transport keeps the transport contract: time-outs, cuts, cancelling."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.errors import TransportError
from kdasync.kube.transport import Request

WATCH = Request("GET", "/api/v1/pods", (("watch", "true"), ("resourceVersion", "2")))


async def test_a_severed_wire_cuts_a_watch(api: Any) -> None:
    async with api.transport.stream(WATCH, connect_timeout=5, idle_timeout=1000) as stream:
        reading = asyncio.create_task(anext(stream.chunks()))
        await asyncio.sleep(0.01)
        api.transport.sever()
        with pytest.raises(TransportError):
            await reading
    with pytest.raises(TransportError) as refused:
        await api("GET", "/version")
    assert not refused.value.sent
    assert api.plane.storage.statistics()["feeds"] == 0


async def test_a_mended_wire_works_again(api: Any) -> None:
    api.transport.sever()
    api.transport.mend()
    assert (await api("GET", "/version")).status == 200


@pytest.mark.looptime
async def test_silence_is_a_transport_error(api: Any) -> None:
    begin = asyncio.get_running_loop().time()
    async with api.transport.stream(WATCH, connect_timeout=5, idle_timeout=75) as stream:
        with pytest.raises(TransportError):
            await anext(stream.chunks())
    assert round(asyncio.get_running_loop().time() - begin) == 75


async def test_a_cancelled_watch_leaves_nothing(api: Any) -> None:
    async def read() -> None:
        async with api.transport.stream(WATCH, connect_timeout=5, idle_timeout=1000) as stream:
            async for _ in stream.chunks():
                raise AssertionError

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    assert api.plane.storage.statistics()["feeds"] == 1
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert api.plane.storage.statistics()["feeds"] == 0


async def test_a_refused_stream_is_readable(api: Any) -> None:
    async with api.transport.stream(Request("GET", "/api/v1/namespaces/none"), connect_timeout=5, idle_timeout=5) as stream:
        assert stream.status == 404
        assert b'"reason":"NotFound"' in await stream.read()
