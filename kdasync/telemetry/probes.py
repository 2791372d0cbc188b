"""The HTTP port for machines: `/metrics`, `/healthz`, `/readyz`.

Flow: `/healthz` fails when the event loop's heartbeat is late, `/readyz` until all stores are synced. A scrape is baked in a thread:
on the loop ten thousand series would stall it for 0.2 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kdasync.telemetry.metrics import Metrics

BEAT = 1.0  # seconds
DEAD = 30.0  # seconds without a heartbeat


class Heart:
    """The loop's heartbeat: measures how late its own timer is."""

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._last = clock()

    async def beat(self) -> None:
        """Beat for ever."""
        while True:
            before = self._clock()
            await asyncio.sleep(BEAT)
            self._last = self._clock()
            self._metrics.loop_lag.set(max(0.0, self._last - before - BEAT))

    def alive(self) -> bool:
        """True if the last beat is not too long ago."""
        return self._clock() - self._last < DEAD


@asynccontextmanager
async def serve(
    metrics: Metrics, *, host: str, port: int, alive: Callable[[], bool], ready: Callable[[], bool]
) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (a free one if `port` is 0). Raises OSError if it cannot be bound."""

    async def scrape(_request: web.Request) -> web.Response:
        text = await asyncio.to_thread(metrics.exposition)
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def probe(check: Callable[[], bool], trouble: str) -> Callable[[web.Request], object]:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(text="ok" if check() else trouble, status=200 if check() else 503)

        return answer

    app = web.Application()
    app.router.add_get("/metrics", scrape)
    app.router.add_get("/healthz", probe(alive, "the event loop is late"))  # type: ignore[arg-type]
    app.router.add_get("/readyz", probe(ready, "the stores are not synced yet"))  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
