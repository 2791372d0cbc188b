"""A container's life: its end, its main process, its orphans, its log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import ContainerSpec


async def test_the_exit_code_is_the_main_processs(start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", command=("sh", "-c", "exit 7"))
    assert await pod.wait() == 7


async def test_killing_the_main_process_from_inside_ends_the_container_with_all_in_it(
    start_pod: Callable[..., Any], run: Callable[..., Any]
) -> None:
    _, pod = await start_pod("a-0", command=("sh", "-c", "sleep 1000 & wait"))
    other = await pod.exec(("sleep", "1000"), stdin=False, tty=False)
    await run(pod, "kill", "-9", "2")
    assert await pod.wait() == 137
    assert await other.wait() == 137


async def test_stop_is_polite_first(until: Callable[..., Any], start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", command=("sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done"))
    await until(lambda: pod.log() == b"up\n")
    await pod.stop(grace=10)
    assert await pod.wait() == 5
    assert pod.log() == b"up\nbye\n"


async def test_stop_is_final_after_the_grace(until: Callable[..., Any], start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", command=("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.01; done"))
    await until(lambda: pod.log() == b"up\n")
    await pod.stop(grace=0.1)
    assert await pod.wait() == 137


async def test_orphans_are_reaped(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    await run(pod, "sh", "-c", "(sh -c 'true' & ) ; (sleep 0.01 &)")
    await run(pod, "sleep", "0.1")
    states = (await run(pod, "sh", "-c", "cat /proc/[0-9]*/stat"))[1]
    assert b" Z " not in states


async def test_the_log_is_bounded_and_keeps_the_newest(start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", command=("sh", "-c", "head -c 3000000 /dev/zero; echo last >&2"))
    assert await pod.wait() == 0
    log = pod.log()
    assert len(log) == 1 << 20
    assert log.endswith(b"\0last\n")


async def test_environment_and_folder(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", env=(("A", "b c"),), working_dir="/var/here")
    assert (await run(pod, "sh", "-c", 'echo "$A" $PWD $HOSTNAME $HOME'))[1] == b"b c /var/here a-0 /root\n"


async def test_bad_starts_are_told(start_pod: Callable[..., Any]) -> None:
    sandbox, _ = await start_pod("a-0")
    with pytest.raises(FileNotFoundError, match=r"no image nowhere/x.*localhost/kdasync/host:1"):
        await sandbox.start(ContainerSpec(name="x", image="nowhere/x", command=("true",)))
    with pytest.raises(FileNotFoundError, match="nope"):
        await sandbox.start(ContainerSpec(name="x", image="localhost/kdasync/guest:1", command=("nope",)))
    with pytest.raises(OSError, match="no command"):
        await sandbox.start(ContainerSpec(name="x", image="localhost/kdasync/guest:1"))


async def test_a_removed_pod_takes_nothing_more(start_pod: Callable[..., Any]) -> None:
    sandbox, pod = await start_pod("a-0")
    await sandbox.remove()
    assert await pod.wait() == 137
    await sandbox.remove()
    with pytest.raises(RuntimeError, match="gone"):
        await sandbox.start(ContainerSpec(name="x", image="localhost/kdasync/guest:1", command=("true",)))


async def test_a_cancelled_start_leaves_no_process(
    start_pod: Callable[..., Any], runtime: ProcessRuntime, until: Callable[..., Any], tmp_path: Path
) -> None:
    sandbox, _ = await start_pod("a-0")
    for steps in range(1, 40, 3):
        spec = ContainerSpec(name="x", image="localhost/kdasync/guest:1", command=("sleep", "1000"))
        task = asyncio.ensure_future(sandbox.start(spec))
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        task.cancel()
        results = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(results[0], asyncio.CancelledError):
            await results[0].stop(grace=0)
    left = tmp_path / "state/containers"
    await until(lambda: runtime.statistics()["processes"] == 1 and len(list(left.iterdir())) == 1)
    assert len(list(left.iterdir())) == 1


async def test_what_ps_shows_of_pid_1_names_nothing_of_the_machine(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    assert (await run(pod, "sh", "-c", r"tr -d '\0' < /proc/1/cmdline; cat /proc/1/comm"))[1] == b"kdasync-initkdasync-init\n"
