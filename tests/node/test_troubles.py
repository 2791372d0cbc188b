"""The Events of a pod in trouble."""

from __future__ import annotations

import asyncio

import pytest

from kdasync.devcluster.controllers.calls import EVENT, POD
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster
from kdasync.devcluster.runtime.simulated_container import Behaviour

pytestmark = pytest.mark.looptime


async def events(client: SimulatedClient) -> list[tuple[str, str, str]]:
    items, _ = await client.wire.list(EVENT)
    return [(item["source"]["component"], item["reason"], item["message"]) for item in items]


async def test_a_trouble_is_told_once() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        cluster.runtime.behave = lambda _sandbox, _spec: Behaviour(fail="no space left on device")
        await client.create(POD, "p", spec={"containers": [{"name": "app", "image": "i"}]})
        await asyncio.sleep(100)
        assert await events(client) == [("kubelet", "Failed", "no space left on device")]


async def test_the_scheduler_says_what_is_missing() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
        await client.create(POD, "p", spec={"containers": [{"name": "app", "image": "i"}], "volumes": volumes})
        await asyncio.sleep(100)
        ((component, reason, message),) = await events(client)
        assert (component, reason) == ("default-scheduler", "FailedScheduling")
        assert 'persistentvolumeclaim "c" not found' in message


async def test_a_healthy_pod_has_no_events() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        await asyncio.sleep(100)
        assert await events(client) == []
