"""Fifty real SIGKILLs at random moments of a cluster's life: the end is the same, and no script ran twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

KILLS = 50
LOGGING = """#!/bin/sh
echo "$(cut -d' ' -f22 /proc/1/stat) $*" >>/tmp/calls
sleep 0.5
"""


class Operating:
    """An operator in a process of its own, which is killed and started again and again until it may live."""

    def __init__(self, kubeconfig: Path, *, seed: int) -> None:
        self.kubeconfig = kubeconfig
        self.random = random.Random(seed)  # noqa: S311 - moments, repeatable as far as processes are
        self.kills = 0
        self.log = kubeconfig.with_suffix(".log")

    async def start(self) -> asyncio.subprocess.Process:
        environ = {**os.environ, "KDASYNC_HTTP_PORT": "0", "KDASYNC_HTTP_HOST": "127.0.0.1", "KDASYNC_LEADER_ELECTION": "false"}
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                Path(sys.executable).with_name("kdasync"),
                "run",
                "--kubeconfig",
                str(self.kubeconfig),
                env=environ,
                stdout=log,
                stderr=log,
            )

    async def torment(self, done: asyncio.Event) -> None:
        """Kill it until `done`, and for as many times as are owed; then let it live until cancelled."""
        while self.kills < KILLS or not done.is_set():
            async with self.started() as process:
                await asyncio.sleep(self.random.uniform(1.0, 5.0))
                process.send_signal(signal.SIGKILL)
                await process.wait()
                self.kills += 1
        async with self.started() as process:
            await process.wait()

    @asynccontextmanager
    async def started(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """An operator that does not outlive the block."""
        process = await self.start()
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def serve_package(archive: bytes) -> tuple[web.AppRunner, str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=archive)

    app = web.Application()
    app.router.add_get("/demo.tgz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/demo.tgz"


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_fifty_kills(plant: Any, make: Any, package: Any, tmp_path: Path) -> None:
    async with plant(http=True) as it:
        await it.kill_operator()
        runner, url = await serve_package(package({"app/startscript": LOGGING}))
        app = it.app(script=LOGGING)
        app["spec"]["defaultConfigPackage"]["packageURL"] = url
        await it.create("kubedirectorapps", app)
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(it.dev.kubeconfig())
        operating = Operating(kubeconfig, seed=7)
        done = asyncio.Event()
        tormenting = asyncio.create_task(operating.torment(done))
        try:
            await live(it, make, operating)
            done.set()
            await it.until(it.ready, seconds=400)
            for pod in await it.members():
                calls = await it.calls(pod)
                _, claimed = await it.run(pod, "sh", "-c", "ls /opt/guestconfig/.kdasync/*/runs")
                runs = [name for name in claimed.decode().split() if name.startswith(("configure.", "add-", "del-"))]
                assert len(calls) == len(runs), (calls, runs)
                assert sum(call.endswith("--configure") for call in calls) == 1, calls
            assert operating.kills >= KILLS
            assert b"Traceback" not in operating.log.read_bytes()
            print(f"{operating.kills} kills survived")
        finally:
            tormenting.cancel()
            await asyncio.gather(tormenting, return_exceptions=True)
            await runner.cleanup()


async def live(it: Any, make: Any, operating: Operating) -> None:
    """Lives of a cluster, one after the other, until enough kills have hit them."""
    await it.create("kubedirectorclusters", make(members=1))
    await it.until(it.ready, seconds=300)
    while operating.kills < KILLS:
        for members in (3, 1, 2):
            await it.edit({"spec": make(members=members)["spec"]})
            await it.until(it.ready, seconds=300)
            assert len(await it.members()) == members
        pods = list(await it.members())
        container = it.dev.plane.access._task("default", pods[-1], "app").running()
        await container.stop(grace=0)
        await asyncio.sleep(0.5)
        await it.until(it.ready, seconds=300)
