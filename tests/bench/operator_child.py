"""A process with the operator as it runs in production: real sockets, real exec, JSON log (thrown away), real package store."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sys
import time
import uuid
from typing import Any

import aiohttp
from children import cpu, resident, serve
from quiet import silence

from kdasync.guest.fetch import SessionFetch
from kdasync.guest.package import PackageStore
from kdasync.kube.session import HttpTransport
from kdasync.operator import Operator, World
from kdasync.settings import Settings


class Running:
    def __init__(self, url: str) -> None:
        self._url = url
        self._settings = Settings()
        self._start = cpu()

    async def run(self) -> None:
        settings, transport = self._settings, HttpTransport(self._url)
        async with aiohttp.ClientSession() as session:
            fetch = SessionFetch(session, limit=settings.package_limit, timeout=settings.package_timeout)
            packages = PackageStore(fetch, unpacked_limit=settings.package_limit, kept=settings.package_limit)
            self.operator = Operator(transport, settings=settings, world=_world(), packages=packages)
            task = asyncio.create_task(self.operator.run())
            await serve({"ready": self._ready, "report": self._report})
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await packages.close()
            await transport.close()

    async def _ready(self, _value: Any) -> dict[str, float]:
        while not self.operator.ready:  # noqa: ASYNC110 - a benchmark may look again
            await asyncio.sleep(0.01)
        self._start = cpu()
        return {"rss": resident()}

    async def _report(self, _value: Any) -> dict[str, Any]:
        return {
            "cpu": cpu() - self._start,
            "rss": resident(),
            "events": sum(informer.statistics().changes for informer in self.operator.informers),
            "lag": self._samples("kdasync_event_lag_seconds"),
            "writes": self._samples("kdasync_status_writes")["kdasync_status_writes_total"],
            "workers": self._settings.workers,
        }

    def _samples(self, name: str) -> dict[str, float]:
        for metric in self.operator.metrics.registry.collect():
            if metric.name == name:
                return {f"{sample.name}{sample.labels.get('le', '')}": sample.value for sample in metric.samples}
        raise KeyError(name)


def _world() -> World:
    return World(
        clock=asyncio.get_running_loop().time,
        now=time.time,
        sleep=asyncio.sleep,
        random=random.random,
        uid=lambda: str(uuid.uuid4()),
        token=lambda: secrets.token_hex(16),
    )


async def main(url: str) -> None:
    await Running(url).run()


if __name__ == "__main__":
    silence()
    if os.environ.get("BENCH_PROFILE"):
        import cProfile

        with cProfile.Profile() as profile:
            asyncio.run(main(sys.argv[1]))
        profile.dump_stats(os.environ["BENCH_PROFILE"])
    else:
        asyncio.run(main(sys.argv[1]))
