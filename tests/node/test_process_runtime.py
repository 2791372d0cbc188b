"""The node with real processes: what the simulated runtime shows in virtual time holds for them too."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.controllers.calls import CLAIM, POD, SERVICE, STATEFUL_SET
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.image.tools import POSIX
from kdasync.devcluster.nodes import PodAccess
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.simulated_client import SimulatedClient

GUEST = "localhost/kdasync/guest:1"


def devcluster(folder: Path) -> DevCluster:
    count = itertools.count(1)
    images = ImageStore(cache=folder / "images", recipes=(Recipe(name=GUEST, base="scratch", tools=POSIX),))
    runtime = ProcessRuntime(state=folder / "state", images=images, ids=lambda: f"{next(count):016x}" + "0" * 48)
    return DevCluster(runtime, settings=DevClusterSettings(host="", tls=False))


async def run(access: PodAccess, pod: str, *command: str) -> tuple[int, bytes]:
    process = await access.exec("default", pod, container="", command=command, stdin=False, tty=False)
    output = b""
    while (piece := await process.read()) is not None:
        output += piece[1]
    return await process.wait(), output


async def test_a_set_of_real_processes_with_claims_names_hooks_and_a_restart(tmp_path: Path) -> None:
    template: dict[str, Any] = {
        "metadata": {"name": "p"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    mounts = [{"name": "p", "mountPath": "/data", "subPath": "data"}, {"name": "t", "mountPath": "/scratch"}]
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "echo hook >> /data/log"]}}}
    app = {
        "name": "app",
        "image": GUEST,
        "command": ["sh", "-c", "echo up; sleep 1000 & wait"],
        "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "volumeMounts": mounts,
        "lifecycle": hook,
    }
    init = {
        "name": "init",
        "image": GUEST,
        "command": ["sh", "-c", "echo init-$NAME > /data/log"],
        "env": app["env"],
        "volumeMounts": mounts,
    }
    pod = {
        "initContainers": [init],
        "containers": [app],
        "volumes": [{"name": "t", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}],
        "terminationGracePeriodSeconds": 1,
    }
    async with asyncio.timeout(60), devcluster(tmp_path) as cluster:
        client, access = SimulatedClient(Wire(cluster.connect())), cluster.plane.access
        assert access is not None
        await client.create(
            SERVICE, "web", spec={"clusterIP": "None", "selector": {"app": "web"}, "publishNotReadyAddresses": True}
        )
        await client.stateful_set("web", replicas=2, pod=pod, volumeClaimTemplates=[template])
        await client.until_ready("web", 2)
        assert await run(access, "web-1", "cat", "/data/log") == (0, b"init-web-1\nhook\n")
        assert await access.log("default", "web-0", container="app") == b"up\n"
        await run(access, "web-0", "sh", "-c", "kill -TERM 1; kill -KILL -1")
        await client.until_restarted("web-0")
        assert await run(access, "web-0", "cat", "/data/log") == (0, b"init-web-0\nhook\nhook\n")
        await client.patch(STATEFUL_SET, "web", {"spec": {"replicas": 0}})
        await client.until_gone(POD, "web-0")
        await client.until_gone(POD, "web-1")
        await client.delete(CLAIM, "p-web-0")
        await client.until_gone(CLAIM, "p-web-0")
        assert await client.names(CLAIM) == ["p-web-1"]
    assert not (tmp_path / "state").exists()
