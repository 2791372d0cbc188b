"""postStart, preStop and probes, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kdasync.devcluster.controllers.calls import POD
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster
from kdasync.devcluster.runtime.simulated_container import ExecCall, SimulatedContainer

pytestmark = pytest.mark.looptime
Document = dict[str, Any]
First = Callable[[Document], Document]


class Scripted:
    """Runs for ever; each command succeeds, fails, or takes as long as its first argument says."""

    def __init__(self) -> None:
        self.failing: dict[str, bool] = {}
        self.calls: list[tuple[float, str]] = []

    async def main(self, container: SimulatedContainer) -> int:
        container.write_log(b"started\n")
        await asyncio.Event().wait()
        return 0

    def finds(self, container: SimulatedContainer, executable: str) -> bool:
        return bool(container.running and executable)

    async def exec(self, call: ExecCall) -> int:
        self.calls.append((asyncio.get_running_loop().time(), call.command[0]))
        if len(call.command) > 1:
            await asyncio.sleep(float(call.command[1]))
        call.write(2, b"it broke")
        return int(self.failing.get(call.command[0], False))


def spec(**container: Any) -> Document:
    return {"containers": [{"name": "app", "image": "sim:1", **container}]}


def hook(kind: str, *command: str) -> Document:
    return {"lifecycle": {kind: {"exec": {"command": list(command)}}}}


def ready(pod: Document | None) -> bool:
    return pod is not None and bool((pod["status"].get("containerStatuses") or [{}])[0].get("ready"))


def unready(pod: Document | None) -> bool:
    return not ready(pod)


async def test_a_container_runs_only_after_its_post_start_hook(app_of: First) -> None:
    async with SimulatedCluster(guest=Scripted()) as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec=spec(**hook("postStart", "prepare", "30")))
        await asyncio.sleep(20)
        assert app_of(await client.get(POD, "p"))["state"]["waiting"]["reason"] == "ContainerCreating"
        await client.until(POD, "p", ready)
        assert asyncio.get_running_loop().time() == pytest.approx(30, abs=1)


async def test_a_failed_post_start_hook_kills_the_container(app_of: First) -> None:
    guest = Scripted()
    guest.failing["prepare"] = True
    async with SimulatedCluster(guest=guest) as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec=spec(**hook("postStart", "prepare")))
        await client.until(POD, "p", lambda found: found is not None and "containerStatuses" in found["status"])
        pod = await client.until(POD, "p", lambda found: found is not None and app_of(found)["restartCount"] == 1)
        assert "PostStartHook failed" in app_of(pod)["lastState"]["terminated"]["message"]
        assert "it broke" in app_of(pod)["lastState"]["terminated"]["message"]
        guest.failing.clear()
        await client.until(POD, "p", ready)


async def test_a_pre_stop_hook_runs_within_the_grace() -> None:
    guest = Scripted()
    async with SimulatedCluster(guest=guest) as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec=spec(**hook("preStop", "leave", "100")))
        await client.until(POD, "p", ready)
        begun = asyncio.get_running_loop().time()
        await client.delete(POD, "p")
        await client.until_gone(POD, "p")
        assert asyncio.get_running_loop().time() - begun == pytest.approx(30, abs=0.5)
        assert [name for _, name in guest.calls] == ["leave"]


async def test_readiness_comes_and_goes_without_a_restart(app_of: First) -> None:
    guest = Scripted()
    guest.failing["check"] = True
    async with SimulatedCluster(guest=guest) as cluster:
        client = SimulatedClient(cluster.wire())
        probe = {"exec": {"command": ["check"]}, "periodSeconds": 5, "failureThreshold": 2}
        await client.create(POD, "p", spec=spec(readinessProbe=probe))
        await asyncio.sleep(20)
        assert unready(await client.get(POD, "p"))
        guest.failing.clear()
        await client.until(POD, "p", ready, within=6)
        guest.failing["check"] = True
        await asyncio.sleep(4)
        assert ready(await client.get(POD, "p"))
        pod = await client.until(POD, "p", unready, within=8)
        assert app_of(pod)["restartCount"] == 0


async def test_a_dead_container_is_restarted_after_the_threshold() -> None:
    guest = Scripted()
    async with SimulatedCluster(guest=guest) as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec=spec(livenessProbe={"exec": {"command": ["alive"]}, "periodSeconds": 10}))
        await client.until(POD, "p", ready)
        guest.failing["alive"] = True
        begun = asyncio.get_running_loop().time()
        await client.until_restarted("p")
        assert 20 <= asyncio.get_running_loop().time() - begun <= 31


async def test_other_probes_wait_for_the_startup_probe(app_of: First) -> None:
    guest = Scripted()
    guest.failing["up"] = True
    async with SimulatedCluster(guest=guest) as cluster:
        client = SimulatedClient(cluster.wire())
        startup = {"exec": {"command": ["up"]}, "periodSeconds": 5, "failureThreshold": 100}
        liveness = {"exec": {"command": ["alive"]}, "periodSeconds": 5}
        await client.create(POD, "p", spec=spec(startupProbe=startup, livenessProbe=liveness))
        await asyncio.sleep(30)
        assert (app_of(await client.get(POD, "p"))["started"], {name for _, name in guest.calls}) == (False, {"up"})
        guest.failing.clear()
        pod = await client.until(POD, "p", ready)
        assert app_of(pod)["started"] is True


async def test_a_probe_that_hangs_has_failed() -> None:
    async with SimulatedCluster(guest=Scripted()) as cluster:
        client = SimulatedClient(cluster.wire())
        probe = {"exec": {"command": ["check", "60"]}, "timeoutSeconds": 2}
        await client.create(POD, "p", spec=spec(readinessProbe=probe))
        await asyncio.sleep(100)
        assert unready(await client.get(POD, "p"))
