"""Exec through a real kubelet and containerd: exit status, both streams, the end of stdin, and the words for what cannot run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from realcluster.cluster import Cluster
from realcluster.images import BUSYBOX
from realcluster.lab import Lab, lab

from kdasync.errors import ExecError
from kdasync.kube.client import Client
from kdasync.kube.exec import STDERR, STDOUT, exec_
from kdasync.kube.session import connect
from kdasync.settings import Settings

POD = {
    "metadata": {"name": "guest"},
    "spec": {"containers": [{"name": "app", "image": BUSYBOX}], "terminationGracePeriodSeconds": 0},
}


@pytest.fixture(scope="module")
def guest(real: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(real, tmp_path_factory.mktemp("exec")) as made:
        made.send("POST", made.path("pods"), POD)
        made.eventually(lambda: made.pods()["guest"]["status"]["phase"] == "Running")
        yield made


@asynccontextmanager
async def client(kubeconfig: Path) -> AsyncIterator[Client]:
    transport = await connect(str(kubeconfig))
    clock = asyncio.get_running_loop().time
    try:
        yield Client(transport, settings=Settings(), clock=clock, sleep=asyncio.sleep, random=random.random)
    finally:
        await transport.close()


async def run(
    guest: Lab, *command: str, stdin: bytes | None = None, container: str = "app", pod: str = "guest"
) -> tuple[int | None, dict[int, bytes]]:
    out = {STDOUT: b"", STDERR: b""}
    async with (
        client(guest.cluster.kubeconfig()) as made,
        exec_(made, guest.namespace, pod, container, command, stdin=stdin is not None) as process,
    ):
        if stdin is not None:
            await process.write(stdin)
            await process.close_stdin()
        async for channel, data in process:
            out[channel] += data
        return process.exit_code, out


@pytest.mark.parametrize("code", [0, 3, 255])
async def test_the_exit_code_and_both_streams_arrive(guest: Lab, code: int) -> None:
    assert await run(guest, "sh", "-c", f"echo out; echo err >&2; exit {code}") == (code, {STDOUT: b"out\n", STDERR: b"err\n"})


async def test_stdin_ends_and_is_whole(guest: Lab) -> None:
    sent = bytes(range(256)) * 4000
    code, out = await run(guest, "cat", stdin=sent)
    assert (code, out[STDOUT] == sent) == (0, True)


async def test_an_empty_stdin_ends_too(guest: Lab) -> None:
    assert await run(guest, "cat", stdin=b"") == (0, {STDOUT: b"", STDERR: b""})


async def refused(guest: Lab, *command: str, **where: str) -> str:
    with pytest.raises(ExecError) as caught:
        await run(guest, *command, **where)
    print(f"\n{command} {where}: {caught.value.reason}: {caught.value.message}")
    return caught.value.reason


async def test_what_cannot_run_is_named(guest: Lab) -> None:
    assert await refused(guest, "nosuchprogram") == "CommandNotFound"
    assert await refused(guest, "/no/such/program") == "CommandNotFound"
    assert await refused(guest, "/etc") == "CommandNotFound"
    assert await refused(guest, "true", container="other") == "ContainerNotFound"
    assert await refused(guest, "true", pod="other") == "NotFound"


async def test_a_command_that_outlives_its_connection_goes_on(guest: Lab) -> None:
    command = ["sh", "-c", "echo on; sleep 1; : > /done"]
    async with client(guest.cluster.kubeconfig()) as made, exec_(made, guest.namespace, "guest", "app", command) as process:
        assert await process.read() == (STDOUT, b"on\n")
    guest.eventually(lambda: "done" in guest.inside("guest", "ls", "/"), seconds=10)
