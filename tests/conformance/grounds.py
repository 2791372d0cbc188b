"""The servers to talk with: devcluster in this process, devcluster over HTTPS, and a whole real Kubernetes."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from conformance.talk import Ground
from realcluster import images
from realcluster.cluster import Cluster

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.store import HOST, ImageStore
from kdasync.devcluster.image.tools import POSIX
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import Runtime
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.kube.session import connect
from kdasync.kube.transport import Transport

IMAGE = "kdasync.test/posix:1"
_IDLE = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done")


def token() -> str:
    """Unique on one server; a letter first, as in names of services."""
    return f"t{secrets.token_hex(3)}"


def processes(folder: Path) -> ProcessRuntime:
    """Pods that run for real, for exec."""
    recipe = Recipe(name=IMAGE, base="scratch", tools=POSIX, entrypoint=_IDLE)
    images = ImageStore(recipes=(recipe,), cache=folder / "images", default=HOST)
    return ProcessRuntime(state=folder / "pods", images=images, ids=lambda: secrets.token_hex(32))


async def _over_https(dev: DevCluster) -> Transport:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as kubeconfig:
        kubeconfig.write(dev.kubeconfig())
        kubeconfig.flush()
        return await connect(kubeconfig.name)


@asynccontextmanager
async def devcluster(*, http: bool, folder: Path | None = None) -> AsyncIterator[Ground]:
    """A devcluster with controllers and node; pods are processes if there is a `folder` for them, else simulated."""
    runtime: Runtime = processes(folder) if folder else SimulatedRuntime(random=random.Random(1))  # noqa: S311 - ids
    settings = DevClusterSettings() if http else DevClusterSettings(host="")
    async with DevCluster(runtime, settings=settings) as dev:
        transport: Transport = dev.connect()
        if http:
            transport = await _over_https(dev)

        async def compact() -> None:
            dev.plane.forget()
            await asyncio.sleep(0)

        try:
            yield Ground(transport=transport, token=token(), image=IMAGE, host="127.0.0.1", compact=compact)
        finally:
            await transport.close()


async def _etcd(cluster: Cluster, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the cluster's etcd, which listens inside its namespace only."""
    command = cluster.enter("curl", "--fail", "--silent", "--data", json.dumps(body), f"http://127.0.0.1:2379/v3/{method}")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"etcd does not answer {method}: curl ended with {process.returncode}")
    found: dict[str, Any] = json.loads(answer)
    return found


@asynccontextmanager
async def real(cluster: Cluster) -> AsyncIterator[Ground]:
    """The real one."""
    transport = await connect(str(cluster.kubeconfig()))

    async def compact() -> None:
        status = await _etcd(cluster, "maintenance/status", {})
        await _etcd(cluster, "kv/compaction", {"revision": status["header"]["revision"], "physical": True})

    try:
        yield Ground(transport=transport, token=token(), image=images.DEBIAN, host=cluster.layout.gateway, compact=compact)
    finally:
        await transport.close()
