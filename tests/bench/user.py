"""The user of a benchmark: creates clusters all at once, and serves the setup package."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from bodies import CLUSTERS_PATH, clusters, package

from kdasync.kube.session import HttpTransport
from kdasync.kube.transport import Request

_HEADERS = {"User-Agent": "user", "Content-Type": "application/json"}


@asynccontextmanager
async def package_server() -> AsyncIterator[str]:
    """The package's URL."""
    body = package()

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": '"1"'})

    application = web.Application()
    application.router.add_get("/demo.tgz", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/demo.tgz"
    finally:
        await runner.cleanup()


async def create(url: str, count: int, members: int) -> None:
    """Post all clusters at once."""
    transport = HttpTransport(url)

    async def post(body: object) -> None:
        answer = await transport.request(Request("POST", CLUSTERS_PATH, (), _HEADERS, msgspec.json.encode(body)), timeout=60)
        assert answer.status == 201, answer.body

    await asyncio.gather(*(post(body) for body in clusters(count, members)))
    await transport.close()
