"""Volumes, memory, Secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import ContainerSpec, Mount

GUEST = "localhost/kdasync/guest:1"


async def test_a_volume_outlives_containers_and_pods_until_it_is_deleted(
    runtime: ProcessRuntime, start_pod: Callable[..., Any], run: Callable[..., Any]
) -> None:
    mounts = (Mount(path="/data", source="test/claim-0"),)
    sandbox, pod = await start_pod("a-0", mounts=mounts)
    await run(pod, "sh", "-c", "echo kept > /data/file")
    await sandbox.remove()
    second, again = await start_pod("a-0", mounts=mounts)
    assert (await run(again, "cat", "/data/file"))[1] == b"kept\n"
    await second.remove()
    await runtime.delete_volume("test/claim-0")
    _, empty = await start_pod("a-0", mounts=mounts)
    assert (await run(empty, "ls", "/data"))[1] == b""


async def test_sub_paths_are_parts_of_a_volume(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    both = (Mount(path="/a/etc", source="v", sub_path="etc"), Mount(path="/whole", source="v"))
    _, pod = await start_pod("a-0", mounts=both)
    await run(pod, "touch", "/a/etc/x")
    assert (await run(pod, "ls", "/whole/etc"))[1] == b"x\n"


async def test_a_sub_path_cannot_leave_its_volume(start_pod: Callable[..., Any]) -> None:
    sandbox, _ = await start_pod("a-0")
    spec = ContainerSpec(name="x", image=GUEST, command=("true",), mounts=(Mount(path="/a", source="v", sub_path="../../.."),))
    with pytest.raises(OSError, match="leads out of its volume"):
        await sandbox.start(spec)


async def test_read_only(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", mounts=(Mount(path="/data", source="v", read_only=True),))
    code, _, err = await run(pod, "touch", "/data/x")
    assert code == 1
    assert b"Read-only" in err


async def test_memory_has_a_size(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", mounts=(Mount(path="/m", memory=True, size=1 << 20),))
    assert (await run(pod, "sh", "-c", "head -c 500000 /dev/zero > /m/x"))[0] == 0
    code, _, err = await run(pod, "sh", "-c", "head -c 2000000 /dev/zero > /m/y")
    assert code == 1
    assert b"No space left" in err


async def test_files_of_a_secret(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    big = bytes(range(256)) * 4096
    mounts = (
        Mount(path="/etc/secret", files={"key": b"\0\1", "big": big}),
        Mount(path="/etc/one.conf", files={"c": b"1"}, sub_path="c"),
    )
    _, pod = await start_pod("a-0", mounts=mounts)
    assert (await run(pod, "cat", "/etc/secret/key"))[1] == b"\0\1"
    assert (await run(pod, "cat", "/etc/secret/big"))[1] == big
    assert (await run(pod, "cat", "/etc/one.conf"))[1] == b"1"
    assert (await run(pod, "touch", "/etc/secret/key"))[0] == 1


async def test_containers_of_a_pod_share_a_volume_and_the_network(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    sandbox, first = await start_pod("a-0", mounts=(Mount(path="/data", source="v"),))
    second = await sandbox.start(
        ContainerSpec(name="side", image=GUEST, command=("sleep", "1000"), mounts=(Mount(path="/d", source="v"),))
    )
    await run(first, "touch", "/data/x")
    assert (await run(second, "ls", "/d"))[1] == b"x\n"
    networks = {(await run(one, "stat", "-L", "-c", "%i", "/proc/self/ns/net"))[1] for one in (first, second)}
    assert len(networks) == 1


async def test_a_file_name_cannot_leave_its_volume(start_pod: Callable[..., Any]) -> None:
    sandbox, _ = await start_pod("a-0")
    mounts = (Mount(path="/a", files={"../../x": b""}),)
    with pytest.raises(OSError, match="leads out of its volume"):
        await sandbox.start(ContainerSpec(name="x", image=GUEST, command=("true",), mounts=mounts))


async def test_every_user_of_a_container_may_write_a_fresh_volume(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    mounts = (Mount(path="/data", source="v"), Mount(path="/sub", source="w", sub_path="a/b"))
    _, pod = await start_pod("a-0", mounts=mounts, run_as_user=77)
    assert await run(pod, "sh", "-c", "touch /data/x /sub/x") == (0, b"", b"")
