"""An idle cluster is silent, and a big one is cheap."""

from __future__ import annotations

import asyncio

import pytest

from kdasync.devcluster.resources import BUILTIN
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster

pytestmark = pytest.mark.looptime


def requests(cluster: SimulatedCluster) -> int:
    return sum(cluster.plane.requests.values())


async def test_no_request_in_ten_idle_minutes() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=20)
        await client.until_ready("web", 20)
        await asyncio.sleep(10)
        before = requests(cluster)
        await asyncio.sleep(600)
        assert requests(cluster) == before


async def test_the_same_seed_gives_the_same_world() -> None:
    async def world() -> list[str]:
        async with SimulatedCluster(seed=7) as cluster:
            client = SimulatedClient(cluster.wire())
            await client.stateful_set("web", replicas=5)
            await client.until_ready("web", 5)
            return [repr(await client.wire.list(kind)) for kind in BUILTIN]

    assert await world() == await world()


async def test_five_hundred_pods_cost_three_writes_each_at_most() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=500)
        await client.until_ready("web", 500)
        writes = sum(count for (method, plural), count in cluster.plane.requests.items() if plural == "pods" and method != "GET")
        assert writes <= 3 * 500 + 10
