"""A pod has a host name, an address, DNS and its own users."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.process.runtime import ProcessSandbox
from kdasync.devcluster.runtime.protocol import ContainerSpec

SERVER = """
import socket
s = socket.create_server(("", 7000))
while True:
    c, a = s.accept()
    c.sendall(a[0].encode() + b" " + socket.gethostname().encode())
    c.close()
"""
CLIENT = "import socket, sys; print(socket.create_connection((sys.argv[1], 7000), 5).recv(99).decode())"
RESOLVE = "import socket, sys; print(sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1], 1)}))"


async def _listening(sandbox: ProcessSandbox) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await sandbox.connect(7000)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


async def test_two_pods_reach_each_other_by_name(
    runtime: ProcessRuntime, start_pod: Callable[..., Any], run: Callable[..., Any], host: str, python: str
) -> None:
    server, _ = await start_pod("a-0", image=host, command=(python, "-c", SERVER))
    client, pod = await start_pod("a-1", image=host)
    await runtime.publish({"a-0.svc.test.svc.cluster.local": (server.ip,), "svc.test.svc.cluster.local": (server.ip, client.ip)})
    await _listening(server)
    for name in ("a-0.svc.test.svc.cluster.local", "a-0.svc"):
        assert await run(pod, python, "-c", CLIENT, name) == (0, f"{client.ip} a-0\n".encode(), b"")


async def test_a_service_has_all_addresses_and_names_are_replaced(
    runtime: ProcessRuntime, start_pod: Callable[..., Any], run: Callable[..., Any], host: str, python: str
) -> None:
    _, pod = await start_pod("a-0", image=host)
    await runtime.publish({"svc.test.svc.cluster.local": ("10.244.0.9", "10.244.0.8")})
    assert (await run(pod, python, "-c", RESOLVE, "svc"))[1] == b"['10.244.0.8', '10.244.0.9']\n"
    await runtime.publish({"other.test.svc.cluster.local": ("10.244.0.9",)})
    code, _, err = await run(pod, python, "-c", RESOLVE, "svc")
    assert code == 1
    assert b"Name or service not known" in err


async def test_a_long_answer_comes_over_tcp(
    runtime: ProcessRuntime, start_pod: Callable[..., Any], run: Callable[..., Any], host: str, python: str
) -> None:
    _, pod = await start_pod("a-0", image=host)
    await runtime.publish({"svc.test.svc.cluster.local": tuple(f"10.244.1.{last}" for last in range(1, 201))})
    count = RESOLVE.replace("sorted", "len")
    assert await run(pod, python, "-c", count, "svc") == (0, b"200\n", b"")


async def test_the_pods_own_name(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    sandbox, pod = await start_pod("kdss-abc-0")
    assert (await run(pod, "uname", "-n"))[1] == b"kdss-abc-0\n"
    assert (await run(pod, "cat", "/etc/hostname"))[1] == b"kdss-abc-0\n"
    assert f"{sandbox.ip}\tkdss-abc-0.test.svc.cluster.local\tkdss-abc-0".encode() in (await run(pod, "cat", "/etc/hosts"))[1]
    assert (await run(pod, "cat", "/etc/resolv.conf"))[1].startswith(
        b"search test.svc.cluster.local svc.cluster.local cluster.local\n"
    )


async def test_addresses_differ_and_are_not_the_machines(start_pod: Callable[..., Any]) -> None:
    first, _ = await start_pod("a-0")
    second, _ = await start_pod("a-1")
    assert first.ip != second.ip
    with pytest.raises(ConnectionRefusedError):
        await first.connect(9)


async def test_a_container_runs_as_the_user_that_the_pod_names(
    until: Callable[..., Any], start_pod: Callable[..., Any], run: Callable[..., Any]
) -> None:
    sandbox, root = await start_pod("a-0")
    assert (await run(root, "id", "-u"))[1] == b"0\n"
    spec = ContainerSpec(name="two", image="localhost/kdasync/guest:1", command=("sh", "-c", "id -u; sleep 1000"), run_as_user=1234)
    other = await sandbox.start(spec)
    assert (await run(other, "id", "-u"))[1] == b"1234\n"
    await until(lambda: other.log() == b"1234\n")
    assert (await run(other, "sh", "-c", "touch /tmp/mine && stat -c %u /tmp/mine"))[1] == b"1234\n"
