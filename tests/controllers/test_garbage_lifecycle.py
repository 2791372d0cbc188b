"""Garbage collection and namespaces on a whole simulated cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.devcluster.controllers.calls import (
    CONFIG_MAP,
    ENDPOINTS,
    NAMESPACE,
    POD,
    REVISION,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster

pytestmark = pytest.mark.looptime


def owner(document: dict[str, Any], *, uid: str = "") -> dict[str, Any]:
    meta = document["metadata"]
    reference = {"apiVersion": document["apiVersion"], "kind": document["kind"], "name": meta["name"], "uid": uid or meta["uid"]}
    return {"ownerReferences": [{**reference, "blockOwnerDeletion": True}]}


async def test_background_deletion_takes_the_whole_tree() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        root = await client.create(CONFIG_MAP, "root")
        await client.stateful_set("web", replicas=2)
        await client.patch(STATEFUL_SET, "web", {"metadata": owner(root)})
        await client.until_ready("web", 2)
        await client.delete(CONFIG_MAP, "root")
        await client.until_gone(STATEFUL_SET, "web")
        for name in ("web-0", "web-1"):
            await client.until_gone(POD, name)
        await asyncio.sleep(1)
        assert await client.names(REVISION) == []


async def test_foreground_deletion_keeps_the_owner_until_all_is_gone() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        await client.delete(STATEFUL_SET, "web", propagation="Foreground")
        assert (await client.get(STATEFUL_SET, "web"))["metadata"]["finalizers"] == ["foregroundDeletion"]
        await client.until_gone(STATEFUL_SET, "web")
        assert await client.names(POD) == []


async def test_an_object_with_a_made_up_owner_goes_and_one_with_a_real_owner_stays() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        real = await client.create(CONFIG_MAP, "real")
        await client.create(CONFIG_MAP, "kept", metadata=owner(real))
        await client.create(CONFIG_MAP, "lost", metadata=owner(real, uid="00000000-0000-0000-0000-000000000000"))
        await client.until_gone(CONFIG_MAP, "lost")
        await asyncio.sleep(60)
        assert await client.names(CONFIG_MAP) == ["kept", "real"]


async def test_an_owner_of_an_unknown_kind_counts_as_alive() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        foreign = {"apiVersion": "example.org/v1", "kind": "Thing", "name": "x", "uid": "u"}
        await client.create(CONFIG_MAP, "owned", metadata={"ownerReferences": [foreign]})
        await asyncio.sleep(60)
        assert await client.names(CONFIG_MAP) == ["owned"]


async def test_a_namespace_is_born_with_an_account_and_dies_empty() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire(), namespace="team")
        await client.create(NAMESPACE, "team")
        await client.until(SERVICE_ACCOUNT, "default", bool)
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        await client.create(SERVICE, "web", spec={"clusterIP": "None", "selector": {"app": "web"}})
        await client.until(ENDPOINTS, "web", bool)
        await client.delete(NAMESPACE, "team")
        await client.until_gone(NAMESPACE, "team")
        assert (await client.names(POD), await client.names(SERVICE), await client.names(ENDPOINTS)) == ([], [], [])
