"""Pods on the simulated node, from birth to death, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kdasync.devcluster.controllers.calls import CLAIM, CONFIG_MAP, POD, SECRET
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster
from kdasync.devcluster.runtime.simulated_container import Behaviour

pytestmark = pytest.mark.looptime
Document = dict[str, Any]
First = Callable[[Document], Document]
Find = Callable[[Document, str], Document]
APP: Document = {"name": "app", "image": "sim:1"}


def now() -> float:
    return asyncio.get_running_loop().time()


def running(pod: Document | None) -> bool:
    return pod is not None and pod["status"].get("phase") == "Running"


def waiting_for(reason: str) -> Callable[[Document | None], bool]:
    def holds(pod: Document | None) -> bool:
        statuses = ((pod or {}).get("status") or {}).get("containerStatuses") or [{}]
        return bool(((statuses[0].get("state") or {}).get("waiting") or {}).get("reason") == reason)

    return holds


async def test_a_running_pod_reports_what_a_kubelet_reports(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec={"containers": [APP]})
        pod = await client.until(POD, "p", running)
        status = pod["status"]
        container = cluster.runtime.find("default", "p")
        assert (pod["spec"]["nodeName"], status["podIP"]) == ("kdasync-dev", "10.0.0.1")
        assert (app_of(pod)["containerID"], app_of(pod)["ready"], app_of(pod)["started"]) == (container.id, True, True)
        assert {each["type"]: each["status"] for each in status["conditions"]} == {
            "PodReadyToStartContainers": "True",
            "Initialized": "True",
            "Ready": "True",
            "ContainersReady": "True",
            "PodScheduled": "True",
        }


async def test_init_containers_run_in_order_before_the_app() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        cluster.runtime.behave = lambda _sandbox, _spec: Behaviour(start_seconds=5)
        inits = [{"name": "init-a", "image": "i"}, {"name": "init-b", "image": "i"}]
        await client.create(POD, "p", spec={"initContainers": inits, "containers": [APP]})
        early = await client.until(POD, "p", waiting_for("PodInitializing"))
        assert early["status"]["phase"] == "Pending"
        pod = await client.until(POD, "p", running)
        assert [each["state"]["terminated"]["reason"] for each in pod["status"]["initContainerStatuses"]] == ["Completed"] * 2
        assert now() == pytest.approx(15, abs=1)


async def test_a_killed_container_restarts_at_once_then_after_ten_and_twenty_seconds(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec={"containers": [APP]})
        first = await client.until(POD, "p", running)
        delays = []
        for restarts in (1, 2, 3):
            killed = now()
            cluster.runtime.find("default", "p").kill()
            pod = await client.until_restarted("p", restarts=restarts)
            delays.append(now() - killed)
        assert delays == pytest.approx([0, 10, 20], abs=0.2)
        assert app_of(pod)["lastState"]["terminated"]["exitCode"] == 137
        assert app_of(pod)["containerID"] != app_of(first)["containerID"]


async def test_a_crash_loop_is_named(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec={"containers": [APP]})
        await client.until(POD, "p", running)
        cluster.runtime.find("default", "p").kill()
        await client.until_restarted("p")
        cluster.runtime.find("default", "p").oom()
        pod = await client.until(POD, "p", waiting_for("CrashLoopBackOff"))
        assert app_of(pod)["lastState"]["terminated"]["reason"] == "OOMKilled"
        assert (pod["status"]["phase"], app_of(pod)["ready"]) == ("Running", False)


async def test_a_pod_that_must_not_restart_ends(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        for name in ("good", "bad"):
            await client.create(POD, name, spec={"restartPolicy": "Never", "containers": [APP]})
            await client.until(POD, name, running)
        cluster.runtime.find("default", "bad").kill()
        pod = await client.until(POD, "bad", lambda found: found is not None and found["status"]["phase"] == "Failed")
        assert app_of(pod)["state"]["terminated"]["exitCode"] == 137
        assert (await client.get(POD, "good"))["status"]["phase"] == "Running"


async def test_deletion_waits_for_the_container_but_not_longer_than_the_grace() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        seconds = {"quick": 5.0, "slow": 500.0}
        cluster.runtime.behave = lambda sandbox, _spec: Behaviour(stop_seconds=seconds[sandbox.name])
        took = {}
        for name in seconds:
            await client.create(POD, name, spec={"terminationGracePeriodSeconds": 40, "containers": [APP]})
            await client.until(POD, name, running)
            begun = now()
            await client.delete(POD, name)
            await client.until_gone(POD, name)
            took[name] = now() - begun
        assert took == {"quick": pytest.approx(5, abs=0.2), "slow": pytest.approx(40, abs=0.2)}
        assert cluster.runtime.sandboxes == {}


async def test_forced_deletion_stops_at_once() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        cluster.runtime.behave = lambda _sandbox, _spec: Behaviour(stop_seconds=500)
        await client.create(POD, "p", spec={"containers": [APP]})
        await client.until(POD, "p", running)
        container = cluster.runtime.find("default", "p")
        await client.delete(POD, "p", grace=0)
        await client.until_gone(POD, "p")
        await asyncio.sleep(1)
        assert not container.running
        assert cluster.node.pods == {}


async def test_an_evicted_pod_fails_with_its_reason() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(POD, "p", spec={"containers": [APP]})
        await client.until(POD, "p", running)
        cluster.node.evict("default", "p")
        pod = await client.until(POD, "p", lambda found: found is not None and found["status"]["phase"] == "Failed")
        assert pod["status"]["reason"] == "Evicted"


async def test_a_container_that_cannot_be_created_says_why(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        cluster.runtime.behave = lambda _sandbox, _spec: Behaviour(fail="no space left on device")
        await client.create(POD, "p", spec={"containers": [APP]})
        pod = await client.until(POD, "p", waiting_for("CreateContainerError"))
        assert app_of(pod)["state"]["waiting"]["message"] == "no space left on device"
        assert pod["status"]["phase"] == "Pending"


async def test_a_missing_secret_is_waited_for(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
        await client.create(POD, "p", spec={"containers": [{**APP, "env": env}]})
        pod = await client.until(POD, "p", waiting_for("CreateContainerConfigError"))
        assert app_of(pod)["state"]["waiting"]["message"] == 'secret "s" not found'
        await client.create(CONFIG_MAP, "other")
        await client.create(SECRET, "s", data={"k": "dg=="})
        await client.until(POD, "p", running)
        assert cluster.runtime.find("default", "p").spec.env == (("A", "v"),)


async def test_a_container_id_that_is_never_reported_is_absent_while_running(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())

        def hide(_sandbox: SandboxSpec, _spec: ContainerSpec) -> Behaviour:
            return Behaviour(hide_id=True)

        cluster.runtime.behave = hide
        await client.create(POD, "p", spec={"containers": [APP]})
        pod = await client.until(POD, "p", running)
        assert "running" in app_of(pod)["state"]
        assert "containerID" not in app_of(pod)


async def test_a_pod_that_is_deleted_while_it_starts_leaves_nothing() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        cluster.runtime.behave = lambda _sandbox, _spec: Behaviour(start_seconds=100)
        await client.create(POD, "p", spec={"containers": [APP]})
        await client.until(POD, "p", waiting_for("ContainerCreating"))
        await client.delete(POD, "p")
        await client.until_gone(POD, "p")
        assert (cluster.runtime.sandboxes, cluster.node.pods) == ({}, {})


async def test_a_pod_that_no_node_can_take_says_why(condition_of: Find) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        resources = {"limits": {"nvidia.com/gpu": "1"}}
        await client.create(POD, "p", spec={"containers": [{**APP, "resources": resources}]})
        pod = await client.until(POD, "p", lambda found: found is not None and found["status"].get("conditions"))
        condition = condition_of(pod, "PodScheduled")
        assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
        assert "Insufficient nvidia.com/gpu" in condition["message"]
        assert (pod["status"]["phase"], "nodeName" in pod["spec"]) == ("Pending", False)


async def test_a_node_that_gets_the_resource_takes_the_pod() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        resources = {"limits": {"nvidia.com/gpu": "1"}}
        await client.create(POD, "p", spec={"containers": [{**APP, "resources": resources}]})
        await asyncio.sleep(60)
        assert (await client.get(POD, "p"))["status"]["phase"] == "Pending"
        await cluster.node.offer("nvidia.com/gpu", 1)
        assert (await client.until(POD, "p", running))["spec"]["nodeName"] == "kdasync-dev"


async def test_a_pod_without_its_claim_is_scheduled_once_the_claim_is_there(condition_of: Find) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
        await client.create(POD, "p", spec={"containers": [APP], "volumes": volumes})
        pod = await client.until(POD, "p", lambda found: found is not None and found["status"].get("conditions"))
        assert "not found" in condition_of(pod, "PodScheduled")["message"]
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        await client.create(CLAIM, "c", spec=spec)
        await client.until(POD, "p", running)
