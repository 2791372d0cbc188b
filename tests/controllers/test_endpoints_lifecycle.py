"""Endpoints and the names that the runtime is told."""

from __future__ import annotations

import asyncio

import pytest

from kdasync.devcluster.controllers.calls import ENDPOINTS, SERVICE, STATEFUL_SET
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster

pytestmark = pytest.mark.looptime


async def test_members_have_names_while_they_are_ready() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.create(SERVICE, "web", spec={"clusterIP": "None", "selector": {"app": "web"}})
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        await asyncio.sleep(1)
        names = cluster.runtime.names
        assert sorted(names) == [
            "web-0.web.default.svc.cluster.local",
            "web-1.web.default.svc.cluster.local",
            "web.default.svc.cluster.local",
        ]
        assert names["web.default.svc.cluster.local"] == (
            *names["web-0.web.default.svc.cluster.local"],
            *names["web-1.web.default.svc.cluster.local"],
        )
        await client.patch(STATEFUL_SET, "web", {"spec": {"replicas": 1}})
        await client.until_ready("web", 1)
        await asyncio.sleep(1)
        assert "web-1.web.default.svc.cluster.local" not in cluster.runtime.names
        await client.delete(SERVICE, "web")
        await client.until_gone(ENDPOINTS, "web")
        await asyncio.sleep(1)
        assert cluster.runtime.names == {}


async def test_an_unready_member_has_a_name_only_if_the_service_publishes_early() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        for name, early in (("early", True), ("late", False)):
            spec = {"clusterIP": "None", "selector": {"app": "web"}, "publishNotReadyAddresses": early}
            await client.create(SERVICE, name, spec=spec)
        probe = {"tcpSocket": {"port": 80}}
        await client.stateful_set(
            "web", replicas=1, pod={"containers": [{"name": "app", "image": "sim:1", "readinessProbe": probe}]}
        )
        await asyncio.sleep(60)
        assert list(cluster.runtime.names) == ["early.default.svc.cluster.local"]
