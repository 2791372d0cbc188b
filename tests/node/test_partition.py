"""A node that is cut off, and what the control plane makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kdasync.devcluster.controllers.calls import NODE, POD
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster

pytestmark = pytest.mark.looptime
Document = dict[str, Any]
First = Callable[[Document], Document]
Find = Callable[[Document, str], Document]
APP: Document = {"name": "app", "image": "sim:1"}


def running(pod: Document | None) -> bool:
    return pod is not None and pod["status"].get("phase") == "Running"


async def test_a_partitioned_node_reports_nothing_until_it_is_healed(app_of: First) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        for name in ("stays", "goes"):
            await client.create(POD, name, spec={"containers": [APP], "terminationGracePeriodSeconds": 1})
            await client.until(POD, name, running)
        cluster.node.partition()
        cluster.runtime.find("default", "stays").kill()
        await client.delete(POD, "goes")
        await asyncio.sleep(40)
        assert app_of(await client.get(POD, "stays"))["restartCount"] == 0
        assert (await client.get(POD, "goes"))["metadata"]["deletionTimestamp"]
        cluster.node.heal()
        await client.until_restarted("stays")
        await client.until_gone(POD, "goes")


async def test_a_silent_node_is_given_up_and_comes_back(condition_of: Find) -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=1)
        await client.until_ready("web", 1)
        container = cluster.runtime.find("default", "web-0")
        cluster.node.partition()
        await asyncio.sleep(60)
        assert condition_of(await client.get(NODE, "kdasync-dev"), "Ready")["status"] == "Unknown"
        pod = await client.get(POD, "web-0")
        assert (condition_of(pod, "Ready")["status"], pod["metadata"].get("deletionTimestamp")) == ("False", None)
        cluster.node.heal()
        await client.until_ready("web", 1)
        assert condition_of(await client.get(NODE, "kdasync-dev"), "Ready")["status"] == "True"
        assert container.running


async def test_pods_of_a_lost_node_are_deleted_but_stay_until_it_is_back() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=1)
        await client.until_ready("web", 1)
        before = await client.get(POD, "web-0")
        cluster.node.partition()
        await asyncio.sleep(600)
        pod = await client.get(POD, "web-0")
        assert pod["metadata"]["uid"] == before["metadata"]["uid"]
        assert pod["metadata"]["deletionTimestamp"]
        cluster.node.heal()
        await client.until(POD, "web-0", lambda found: found is not None and found["metadata"]["uid"] != before["metadata"]["uid"])
        await client.until_ready("web", 1)
