"""A process with the whole devcluster over HTTP on loopback: API server, controllers, node with simulated guests. `alone`: API server only."""

from __future__ import annotations

import asyncio
import sys
import time
from random import Random
from typing import Any

import msgspec
from bodies import APPS_PATH, CRDS_PATH, app
from children import cpu, serve
from observed import OPERATOR, ObservedServer, Stamps
from support.stack import crds

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.runtime.simguest import ScriptEnd, SimGuest
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.devcluster.runtime.simulated_container import SimulatedContainer
from kdasync.kube.transport import Request


class Served:
    def __init__(self, seconds: float, *, alone: bool) -> None:
        self._seconds = seconds
        guest = SimGuest(self._script)
        runtime = None if alone else SimulatedRuntime(random=Random(1), guest=guest)  # noqa: S311 - repeatable
        self._dev = DevCluster(runtime, settings=DevClusterSettings(tls=False))
        self._server = self._dev.server = ObservedServer(self._dev.plane)
        self._stamps = Stamps(self._dev.storage)
        self._guest = guest
        self._cpu = 0.0

    def _script(self, container: SimulatedContainer, event: str, _args: tuple[str, ...]) -> ScriptEnd:
        if event == "configure":
            self._stamps.ended[container.sandbox.name] = time.perf_counter() + self._seconds
        return ScriptEnd(seconds=self._seconds)

    async def run(self) -> None:
        async with self._dev:
            for crd in crds():
                await self._post(CRDS_PATH, crd)
            await serve({"begin": self._begin, "configured": self._configured, "quiet": self._quiet, "report": self._report})

    async def _post(self, path: str, body: Any) -> None:
        headers = {"content-type": "application/json"}
        answer = await self._server.handle(Request("POST", path, (), headers, msgspec.json.encode(body)))
        assert answer.status < 300, answer.body

    async def _begin(self, package_url: str) -> str:
        await self._post(APPS_PATH, app(package_url))
        self._cpu = cpu()
        return self._dev.url

    async def _configured(self, asked: list[float]) -> int:
        """Wait until so many clusters are ready, at most so many seconds; how many are."""
        count, limit = asked
        until = time.perf_counter() + limit
        while len(self._stamps.done) < count and time.perf_counter() < until:  # noqa: ASYNC110 - a benchmark may look again
            await asyncio.sleep(0.1)
        return len(self._stamps.done)

    async def _quiet(self, seconds: float) -> None:
        """Wait until the operator has written nothing for so long."""
        began = time.perf_counter()
        while time.perf_counter() - max(began, self._server.last_write) < seconds:  # noqa: ASYNC110 - a benchmark may look again
            await asyncio.sleep(0.2)

    async def _report(self, _value: Any) -> dict[str, Any]:
        stamps, server = self._stamps, self._server
        return {
            "now": time.perf_counter(),
            "start": server.first.get("user", 0.0),
            "cpu": cpu() - self._cpu,
            "ready": stamps.ready,
            "seen": stamps.seen,
            "configured": stamps.configured,
            "ended": stamps.ended,
            "done": stamps.done,
            "requests": server.counts.get(OPERATOR, {}),
            "plane": server.counts.get("", {}),
            "codes": {str(code): count for code, count in server.codes.items()},
            "writes": server.writes,
            "starts": len(self._guest.starts),
            "execs": self._guest.execs,
        }


if __name__ == "__main__":
    asyncio.run(Served(float(sys.argv[1]), alone="alone" in sys.argv[2:]).run())
