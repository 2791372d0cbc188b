"""Two real operator processes on real sockets: one is stopped in mid-work (SIGSTOP), the other follows, the first goes on and does nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from support.bodies import APP, cluster

from kdasync.devcluster.cluster import DevCluster
from kdasync.kube.transport import Request

ROOT = Path(__file__).parents[2]
KNOBS = {
    "KDASYNC_HTTP_PORT": "0",
    "KDASYNC_HTTP_HOST": "127.0.0.1",
    "KDASYNC_LEASE_SECONDS": "3",
    "KDASYNC_RENEW_DEADLINE": "2",
    "KDASYNC_LEASE_RETRY": "0.3",
}


class Process:
    def __init__(self, name: str, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._log = kubeconfig.with_name(f"{name}.log")
        self.running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("wb") as log:
            self.running = await asyncio.create_subprocess_exec(
                Path(sys.executable).with_name("kdasync"), "run", "--leader-elect", "--kubeconfig", str(self._kubeconfig),
                env={**os.environ, **KNOBS}, stdout=log, stderr=log,
            )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(number)

    async def ends(self) -> int:
        assert self.running is not None
        return await asyncio.wait_for(self.running.wait(), 15)

    def said(self, event: str) -> int:
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return sum(line["event"] == event for line in lines)

    async def writes(self) -> int:
        """Requests that changed something, but for the lease."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        port = next(line["port"] for line in lines if line["event"] == "serving")
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            text = await answer.text()
        found = [line for line in text.splitlines() if line.startswith("kdasync_api_requests_total{")]
        reads = ('kind="Lease"', 'verb="get"', 'verb="list"', 'verb="watch"')
        return sum(int(float(line.split()[-1])) for line in found if not any(word in line for word in reads))

    def kill(self) -> None:
        if self.running is not None and self.running.returncode is None:
            self.signal(signal.SIGKILL)


async def send(dev: DevCluster, method: str, path: str, body: Any = None) -> dict[str, Any]:
    data = b"" if body is None else json.dumps(body).encode()
    token = yaml.safe_load(dev.kubeconfig())["users"][0]["user"]["token"]
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    answer = await dev.server.handle(Request(method, path, (), headers, data))
    assert answer.status < 300, answer.body
    return json.loads(answer.body)


async def until(check: Callable[[], bool]) -> float:
    start = time.monotonic()
    while not check():
        assert time.monotonic() - start < 30
        await asyncio.sleep(0.02)
    return time.monotonic() - start


def writers(dev: DevCluster) -> list[str]:
    """Status of every cluster: non-empty once somebody works on it."""
    entries = dev.plane.storage.list("kubedirector.hpe.com/kubedirectorclusters")
    return [entry.object["metadata"]["name"] for entry in entries if entry.object.get("status")]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_stopped_leader_is_followed_and_goes_on_as_a_stand_by(tmp_path: Path) -> None:
    async with DevCluster() as dev:
        for crd in sorted((ROOT / "manifests" / "crds").glob("*.yaml")):
            await send(dev, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(crd.read_text()))
        await send(dev, "POST", "/api/v1/namespaces", {"metadata": {"name": "kubedirector"}})
        path = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default"
        await send(dev, "POST", f"{path}/kubedirectorapps", APP)
        (tmp_path / "kubeconfig").write_text(dev.kubeconfig())
        one, two = (Process(name, tmp_path / "kubeconfig") for name in ("one", "two"))
        try:
            await one.start()
            await until(lambda: one.said("leading") == 1)
            await two.start()
            await until(lambda: two.said("waiting") == 1)
            await send(dev, "POST", f"{path}/kubedirectorclusters", cluster("first"))
            await until(lambda: writers(dev) == ["first"])
            await asyncio.sleep(1)
            before = await one.writes()
            assert before > 0
            one.signal(signal.SIGSTOP)
            assert 1 <= await until(lambda: two.said("leading") == 1) <= 8
            await send(dev, "POST", f"{path}/kubedirectorclusters", cluster("second"))
            await until(lambda: len(writers(dev)) == 2)
            one.signal(signal.SIGCONT)
            await until(lambda: one.said("work stopped") == 1)
            await asyncio.sleep(1)
            assert (one.said("leading"), two.said("work stopped")) == (1, 0)
            assert await one.writes() == before
            two.signal(signal.SIGTERM)
            assert await until(lambda: one.said("leading") == 2) <= 8
            assert await two.ends() == 0
            assert two.said("release failed; the others wait until the lease ends") == 0
            one.signal(signal.SIGTERM)
            assert await one.ends() == 0
            assert "holderIdentity" not in next(iter(dev.plane.storage.list("coordination.k8s.io/leases"))).object["spec"]
        finally:
            for process in (one, two):
                process.kill()
                if process.running is not None:
                    await process.running.wait()
