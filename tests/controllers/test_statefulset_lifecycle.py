"""A StatefulSet on a whole simulated cluster."""

from __future__ import annotations

import pytest

from kdasync.devcluster.controllers.calls import CLAIM, POD, REVISION, STATEFUL_SET, VOLUME
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster

pytestmark = pytest.mark.looptime
CLAIM_TEMPLATE = {
    "metadata": {"name": "p"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
MOUNTED = {"containers": [{"name": "app", "image": "sim:1", "volumeMounts": [{"name": "p", "mountPath": "/data"}]}]}


async def test_scale_out_and_in() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=3)
        await client.until_ready("web", 3)
        assert await client.names(POD) == ["web-0", "web-1", "web-2"]
        await client.patch(STATEFUL_SET, "web", {"spec": {"replicas": 1}})
        status = (await client.until_ready("web", 1))["status"]
        assert await client.names(POD) == ["web-0"]
        assert (status["observedGeneration"], status["currentRevision"]) == (2, status["updateRevision"])


async def test_a_deleted_pod_comes_back_under_its_name_with_another_uid() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        before = await client.get(POD, "web-0")
        await client.delete(POD, "web-0")
        after = await client.until(
            POD, "web-0", lambda pod: pod is not None and pod["metadata"]["uid"] != before["metadata"]["uid"]
        )
        await client.until_ready("web", 2)
        assert after["spec"]["hostname"] == "web-0"


async def test_ordered_ready_starts_one_after_the_other() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        probe = {"exec": {"command": ["true"]}, "initialDelaySeconds": 10}
        containers = [{"name": "app", "image": "sim:1", "readinessProbe": probe}]
        await client.stateful_set("web", replicas=3, podManagementPolicy="OrderedReady", pod={"containers": containers})
        await client.until_ready("web", 3)
        started = [(await client.get(POD, name))["status"]["startTime"] for name in ("web-0", "web-1", "web-2")]
        assert started == sorted(set(started))


async def test_claims_are_made_bound_and_kept() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=2, volumeClaimTemplates=[CLAIM_TEMPLATE], pod=MOUNTED)
        await client.until_ready("web", 2)
        claim = await client.get(CLAIM, "p-web-1")
        assert (claim["status"]["phase"], claim["spec"]["volumeName"]) == ("Bound", f"pvc-{claim['metadata']['uid']}")
        cluster.runtime.find("default", "web-1").volume(claim["spec"]["volumeName"])["kept"] = True
        await client.patch(STATEFUL_SET, "web", {"spec": {"replicas": 1}})
        await client.until_ready("web", 1)
        await client.delete(STATEFUL_SET, "web")
        await client.until_gone(POD, "web-0")
        assert await client.names(CLAIM) == ["p-web-0", "p-web-1"]
        await client.stateful_set("web", replicas=2, volumeClaimTemplates=[CLAIM_TEMPLATE], pod=MOUNTED)
        await client.until_ready("web", 2)
        assert cluster.runtime.find("default", "web-1").volume(claim["spec"]["volumeName"]) == {"kept": True}


async def test_a_claim_in_use_goes_after_its_pod_and_its_volume_with_it() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=1, volumeClaimTemplates=[CLAIM_TEMPLATE], pod=MOUNTED)
        await client.until_ready("web", 1)
        volume = (await client.get(CLAIM, "p-web-0"))["spec"]["volumeName"]
        cluster.runtime.find("default", "web-0").volume(volume)["kept"] = True
        await client.delete(CLAIM, "p-web-0")
        assert (await client.get(CLAIM, "p-web-0"))["metadata"]["deletionTimestamp"]
        await client.patch(STATEFUL_SET, "web", {"spec": {"replicas": 0}})
        await client.until_gone(CLAIM, "p-web-0")
        await client.until_gone(VOLUME, volume)
        assert volume not in cluster.runtime.volumes


async def test_a_new_template_rolls_from_the_top() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=3)
        first = (await client.until_ready("web", 3))["status"]["currentRevision"]
        body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "sim:2"}]}}}}
        await client.patch(STATEFUL_SET, "web", body)
        done = await client.until(
            STATEFUL_SET, "web", lambda found: found is not None and found["status"].get("currentRevision") not in {None, first}
        )
        assert done["status"]["updatedReplicas"] == 3
        images = [(await client.get(POD, f"web-{ordinal}"))["spec"]["containers"][0]["image"] for ordinal in range(3)]
        assert images == ["sim:2"] * 3
        assert len(await client.names(REVISION)) == 2


async def test_orphaned_pods_are_adopted_by_the_next_set() -> None:
    async with SimulatedCluster() as cluster:
        client = SimulatedClient(cluster.wire())
        await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        uids = [(await client.get(POD, name))["metadata"]["uid"] for name in ("web-0", "web-1")]
        await client.delete(STATEFUL_SET, "web", propagation="Orphan")
        await client.until_gone(STATEFUL_SET, "web")
        assert "ownerReferences" not in (await client.get(POD, "web-0"))["metadata"]
        made = await client.stateful_set("web", replicas=2)
        await client.until_ready("web", 2)
        pods = [await client.get(POD, name) for name in ("web-0", "web-1")]
        assert [pod["metadata"]["uid"] for pod in pods] == uids
        assert [pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods] == [made["metadata"]["uid"]] * 2
