"""A container has its own files; the machine's are seen through it and never change."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kdasync.devcluster.runtime.protocol import ContainerSpec


def _machine() -> tuple[bytes, bool, bool]:
    return Path("/etc/passwd").read_bytes(), Path("/usr/bin/env").exists(), Path("/usr/local/bin/kdasync-mark").exists()


async def test_what_a_container_writes_is_seen_by_itself_only(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, first = await start_pod("a-0")
    _, second = await start_pod("a-1")
    assert (await run(first, "sh", "-c", "echo mine > /etc/mark; cat /etc/mark"))[:2] == (0, b"mine\n")
    assert (await run(second, "cat", "/etc/mark"))[0] == 1


async def test_the_host_image_can_be_changed_everywhere_and_the_machine_stays(
    start_pod: Callable[..., Any], run: Callable[..., Any], host: str
) -> None:
    before = _machine()
    _, pod = await start_pod("a-0", image=host)
    script = "echo x >> /etc/passwd && rm /usr/bin/env && echo y > /usr/local/bin/kdasync-mark && mkdir -p /opt/new /var/lib/new"
    assert await run(pod, "sh", "-c", script) == (0, b"", b"")
    assert (await run(pod, "cat", "/usr/local/bin/kdasync-mark"))[1] == b"y\n"
    assert _machine() == before


async def test_the_machines_data_is_not_seen(
    start_pod: Callable[..., Any], run: Callable[..., Any], host: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s")
    _, pod = await start_pod("a-0", image=host)
    assert (await run(pod, "cat", str(tmp_path / "secret")))[0] == 1
    shown = (await run(pod, "ls", "/tmp", "/srv", "/mnt"))[1].split()  # noqa: S108 - the container's own
    interpreter = [part.encode() for part in Path(sys.prefix).parts[2:3] if sys.prefix.startswith(("/tmp/", "/srv/", "/mnt/"))]  # noqa: S108
    assert sorted(shown) == sorted([b"/mnt:", b"/srv:", b"/tmp:", *interpreter])
    assert (await run(pod, "ls", "/.machine"))[0] == 2
    assert (await run(pod, "cat", "/etc/shadow"))[0] == 1


async def test_a_new_container_of_the_pod_starts_with_fresh_files_and_a_new_incarnation(
    start_pod: Callable[..., Any], run: Callable[..., Any]
) -> None:
    sandbox, first = await start_pod("a-0")
    await run(first, "touch", "/mark")
    old = (await run(first, "cut", "-d ", "-f22", "/proc/1/stat"))[1]
    await run(first, "sleep", "0.02")
    await first.stop(grace=1)
    second = await sandbox.start(ContainerSpec(name="app", image="localhost/kdasync/guest:1", command=("sleep", "1000")))
    assert second.id != first.id
    assert (await run(second, "ls", "/mark"))[0] != 0
    assert (await run(second, "cut", "-d ", "-f22", "/proc/1/stat"))[1] != old


async def test_a_guest_needs_nothing_of_the_machine(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    code, out, _ = await run(pod, "ls", "/")
    assert code == 0
    assert set(out.decode().split()) <= {"bin", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sys", "tmp", "usr", "var"}


async def test_devices_and_proc_are_the_containers_own(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    script = "echo x > /dev/null && head -c 4 /dev/urandom | wc -c && touch /dev/shm/x && echo $$ && ls -d /proc/[0-9]*"
    code, out, err = await run(pod, "sh", "-c", script)
    assert (code, err) == (0, b"")
    assert out.split()[0] == b"4"
    assert len(out.split()) < 12  # only the container's own processes
    assert (await run(pod, "sh", "-c", "echo 1 > /proc/sys/kernel/panic"))[0] != 0
