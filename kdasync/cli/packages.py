"""The catalog's setup packages over HTTP on loopback: the operator, in this process, fetches them; no guest ever does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from kdasync.guest.pack import catalog_packages


@asynccontextmanager
async def serve_packages(catalog: Path) -> AsyncIterator[str]:
    """Serve all packages of a catalog; yields the base URL."""
    packages = catalog_packages(catalog)

    async def answer(request: web.Request) -> web.Response:
        data = packages.get(request.match_info["name"])
        return web.Response(body=data, content_type="application/gzip") if data is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
