"""exec and logs through the door that the API server uses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.devcluster.controllers.calls import POD
from kdasync.devcluster.node.access import Access
from kdasync.devcluster.nodes import PodAccess
from kdasync.devcluster.runtime.protocol import Process
from kdasync.devcluster.runtime.simulated_client import SimulatedClient
from kdasync.devcluster.runtime.simulated_cluster import SimulatedCluster
from kdasync.devcluster.runtime.simulated_container import ExecCall, SimulatedContainer

pytestmark = pytest.mark.looptime


class Talker:
    """Logs a line a second, ends after ten; execs echo."""

    async def main(self, container: SimulatedContainer) -> int:
        for number in range(10):
            container.write_log(f"{container.sandbox.name} {number}\n".encode())
            await asyncio.sleep(1)
        return 0

    def finds(self, container: SimulatedContainer, executable: str) -> bool:
        return container.running and executable == "cat"

    async def exec(self, call: ExecCall) -> int:
        call.write(1, await call.read_all())
        return 4


async def start(client: SimulatedClient, **spec: Any) -> None:
    await client.create(POD, "p", spec={"containers": [{"name": "app", "image": "sim:1"}], **spec})
    await client.until(POD, "p", lambda pod: pod is not None and pod["status"]["phase"] == "Running")


async def run(access: PodAccess, *command: str, container: str = "") -> Process:
    return await access.exec("default", "p", container=container, command=command, stdin=True, tty=False)


async def test_exec_streams_both_ways_and_returns_the_exit_code() -> None:
    async with SimulatedCluster(guest=Talker()) as cluster:
        await start(SimulatedClient(cluster.wire()))
        process = await run(Access(cluster.node), "cat")
        await process.write(b"hello")
        await process.close_stdin()
        assert await process.read() == (1, b"hello")
        assert await process.read() is None
        assert await process.wait() == 4


async def test_what_is_not_there_is_told_apart() -> None:
    async with SimulatedCluster(guest=Talker()) as cluster:
        await start(SimulatedClient(cluster.wire()))
        access = Access(cluster.node)
        with pytest.raises(FileNotFoundError):
            await run(access, "bash")
        with pytest.raises(LookupError, match="container other"):
            await run(access, "cat", container="other")
        with pytest.raises(LookupError, match="does not run on node"):
            await access.log("default", "nobody", container="")


async def test_the_log_of_a_pod_and_of_its_previous_container() -> None:
    async with SimulatedCluster(guest=Talker()) as cluster:
        client = SimulatedClient(cluster.wire())
        await start(client)
        access = Access(cluster.node)
        assert await access.log("default", "p", container="app") == b"p 0\n"
        with pytest.raises(LookupError, match="previous terminated container"):
            await access.log("default", "p", container="app", previous=True)
        await client.until_restarted("p")
        assert (await access.log("default", "p", container="app", previous=True)).endswith(b"p 9\n")


async def test_following_ends_with_the_container() -> None:
    async with SimulatedCluster(guest=Talker()) as cluster:
        await start(SimulatedClient(cluster.wire()), restartPolicy="Never")
        pieces = [piece async for piece in Access(cluster.node).follow("default", "p", container="app")]
        assert b"".join(pieces) == b"".join(f"p {number}\n".encode() for number in range(1, 10))


async def test_a_port_where_nothing_listens_is_refused() -> None:
    async with SimulatedCluster(guest=Talker()) as cluster:
        await start(SimulatedClient(cluster.wire()))
        with pytest.raises(ConnectionRefusedError):
            await Access(cluster.node).connect("default", "p", 80)
