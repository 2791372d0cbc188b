import asyncio
import json
from contextlib import aclosing
from typing import Any

from aiohttp import web

from kdasync.kube.change import Apply, InitApply
from kdasync.kube.resource import PODS
from kdasync.kube.watch import Watcher


async def first_applied(machine: Watcher[Any], count: int) -> list[Any]:
    seen: list[Any] = []
    async with aclosing(machine.changes()) as changes:
        async for change in changes:
            if isinstance(change, (InitApply, Apply)):
                seen.append(change.object)
            if len(seen) == count:
                break
    return seen


def sending(pieces: list[bytes], pause: float = 0) -> Any:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause)
        await asyncio.sleep(5)
        return response

    return handler


async def test_no_line_is_too_long(connect_to: Any, make_client: Any, wire: Any) -> None:
    big = wire.pod("big", 3)
    big["metadata"]["annotations"] = {"blob": "x" * 3_000_000}
    text = wire.line("ADDED", big) + wire.bookmark(4, initial_end=True)
    client = make_client(await connect_to(sending([text])))
    (item,) = await first_applied(Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5), 1)
    assert len(item.metadata.annotations["blob"]) == 3_000_000


async def test_a_line_may_be_cut_anywhere(connect_to: Any, make_client: Any, wire: Any) -> None:
    text = wire.line("ADDED", wire.pod("é", 3)) + wire.line("ADDED", wire.pod("b", 4)) + wire.bookmark(4, initial_end=True)
    raw = json.dumps(json.loads(text.split(b"\n")[0]), ensure_ascii=False).encode() + b"\n" + text.split(b"\n", 1)[1]
    client = make_client(await connect_to(sending([raw[i : i + 1] for i in range(len(raw))])))
    items = await first_applied(Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5), 2)
    assert [item.metadata.name for item in items] == ["é", "b"]


async def test_a_line_that_cannot_be_read_is_reported_and_skipped(connect_to: Any, make_client: Any, wire: Any) -> None:
    bad = wire.line("ADDED", {"metadata": {"name": 7}}) + b"not json\n"
    errors: list[Exception] = []
    client = make_client(await connect_to(sending([bad + wire.line("ADDED", wire.pod("b", 4))])))
    machine = Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5, on_error=errors.append)
    (item,) = await first_applied(machine, 1)
    assert item.metadata.name == "b"
    assert len(errors) == 2


async def test_closing_the_flow_cuts_the_connection(connect_to: Any, make_client: Any, wire: Any) -> None:
    gone = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(wire.line("ADDED", wire.pod("a", 1)))
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
            raise

    client = make_client(await connect_to(handler))
    await first_applied(Watcher(client, PODS, sleep=asyncio.sleep, random=lambda: 0.5), 1)
    await asyncio.wait_for(gone.wait(), 2)
