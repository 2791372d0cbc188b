"""Whatever kills the owner, no process, folder or mount of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.runtime.process import ProcessRuntime

OWNER = """
import asyncio, itertools, sys
from pathlib import Path
from kdasync.devcluster.image.store import HOST, ImageStore
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec

async def main():
    count = itertools.count(1)
    images = ImageStore(cache=Path(sys.argv[1] + "-images"))
    runtime = ProcessRuntime(state=Path(sys.argv[1]), images=images, ids=lambda: f"{next(count):064x}"[::-1])
    await runtime.start()
    pod = await runtime.sandbox(SandboxSpec(uid="u", namespace="n", name="p", hostname="p"))
    await pod.start(ContainerSpec(name="c", image=HOST, command=("sh", "-c", "sleep 987654321 & exec sleep 987654321")))
    print("up", runtime._guardian.pid, flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


def _holders(state: Path) -> list[str]:
    """Processes whose command line or mounts name the state folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "mounts").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError, OSError):
            continue
        if os.fsencode(state) in text and int(process.name) != os.getpid():
            found.append(process.name)
    return found


def _node(state: Path) -> int:
    return next(int(name) for name in _holders(state) if Path("/proc", name, "comm").read_text() == "kdasync-node\n")


def _there(path: Path) -> bool:
    return path.exists()


def _owner(state: Path) -> tuple[subprocess.Popen[bytes], int]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(state)], stdout=subprocess.PIPE)
    assert owner.stdout
    word, guardian = owner.stdout.readline().split()
    assert word == b"up"
    return owner, int(guardian)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


async def test_after_sigkill_of_the_owner(state: Path, until: Callable[..., Any]) -> None:
    owner, _ = _owner(state)
    assert len(_holders(state)) >= 5  # owner, guardian, node, PID 1 and the sleeping processes
    owner.kill()
    owner.communicate()
    await until(lambda: not _holders(state))
    assert not _there(state)


async def test_after_sigkill_of_the_guardian_processes_go_at_once_and_the_folder_at_the_next_start(
    state: Path, images: ImageStore, until: Callable[..., Any]
) -> None:
    owner, guardian = _owner(state)
    os.kill(guardian, signal.SIGKILL)
    owner.kill()
    owner.communicate()
    await until(lambda: not _holders(state))
    assert _there(state / "containers")
    runtime = ProcessRuntime(state=state, images=images, ids=lambda: "0" * 64)
    await runtime.start()
    assert list((state / "containers").iterdir()) == []
    await runtime.close()
    assert not _there(state)


async def test_after_close(runtime: ProcessRuntime, start_pod: Callable[..., Any], tmp_path: Path) -> None:
    await start_pod("a-0")
    assert (tmp_path / "state").exists()
    await runtime.close()
    assert not _there(tmp_path / "state")
    assert _holders(tmp_path / "state") == []


async def test_a_containers_layer_goes_with_it(start_pod: Callable[..., Any], until: Callable[..., Any], tmp_path: Path) -> None:
    _, pod = await start_pod("a-0")
    assert len(list((tmp_path / "state/containers").iterdir())) == 1
    await pod.stop(grace=0)
    await until(lambda: not list((tmp_path / "state/containers").iterdir()))


async def test_two_owners_of_one_folder_are_refused(runtime: ProcessRuntime, images: ImageStore, tmp_path: Path) -> None:
    second = ProcessRuntime(state=tmp_path / "state", images=images, ids=lambda: "0" * 64)
    with pytest.raises(RuntimeError, match="in use by another devcluster"):
        await second.start()
    assert runtime.statistics()["sandboxes"] == 0
    assert (tmp_path / "state/containers").exists()


async def test_after_the_node_was_killed_every_call_says_so_and_removal_is_done(
    runtime: ProcessRuntime, start_pod: Callable[..., Any], until: Callable[..., Any], tmp_path: Path
) -> None:
    sandbox, pod = await start_pod("a-0")
    os.kill(_node(tmp_path / "state"), signal.SIGKILL)
    assert await pod.wait() == 137
    with pytest.raises(RuntimeError, match="the node process ended"):
        await runtime.publish({})
    await sandbox.remove()
    await pod.stop(grace=1)
    await until(lambda: not _there(tmp_path / "state"))
