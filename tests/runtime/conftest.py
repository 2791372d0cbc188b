"""A running process runtime with two images: the machine's own software, and a guest of a few POSIX tools."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.store import HOST, ImageStore
from kdasync.devcluster.image.tools import POSIX
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.process.container import ProcessContainer
from kdasync.devcluster.runtime.process.runtime import ProcessSandbox
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec

# pytest-asyncio asks for the current loop before the first test of a session, which makes one that nobody closes, unless told there is none.
asyncio.set_event_loop(None)

GUEST = "localhost/kdasync/guest:1"


def numbers() -> Callable[[], str]:
    """An identity source that counts; the count comes first, as real ids differ in their first digits."""
    count = itertools.count(1)
    return lambda: f"{next(count):016x}" + "0" * 48


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    guest = Recipe(name=GUEST, base="scratch", tools=POSIX)
    return ImageStore(cache=tmp_path_factory.mktemp("images"), recipes=(guest,))


@pytest.fixture
async def runtime(tmp_path: Path, images: ImageStore) -> AsyncIterator[ProcessRuntime]:
    runtime = ProcessRuntime(state=tmp_path / "state", images=images, ids=numbers())
    await runtime.start()
    yield runtime
    await runtime.close()


@pytest.fixture
def start_pod(runtime: ProcessRuntime) -> Callable[..., Any]:
    """Start a pod with one container that sleeps, unless told otherwise."""

    async def start(name: str, *, image: str = GUEST, **fields: object) -> tuple[ProcessSandbox, ProcessContainer]:
        search = ("test.svc.cluster.local", "svc.cluster.local", "cluster.local")
        spec = SandboxSpec(uid=name, namespace="test", name=name, hostname=name, search=search)
        sandbox = await runtime.sandbox(spec)
        command = {"command": ("sh", "-c", "sleep 1000 & wait"), **fields}
        return sandbox, await sandbox.start(ContainerSpec(name="app", image=image, **command))  # type: ignore[arg-type]

    return start


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run a command in a container: (exit code, stdout, stderr)."""

    async def run(container: ProcessContainer, *command: str, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
        process = await container.exec(command, stdin=stdin is not None, tty=False)
        outputs = {1: bytearray(), 2: bytearray()}
        if stdin is not None:
            await process.write(stdin)
            await process.close_stdin()
        while (piece := await process.read()) is not None:
            outputs[piece[0]] += piece[1]
        return await process.wait(), bytes(outputs[1]), bytes(outputs[2])

    return run


@pytest.fixture
def host() -> str:
    return HOST


@pytest.fixture
def python() -> str:
    """The interpreter, at its own path in pods of the host image."""
    return sys.executable


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait until something is true; ten seconds are a failure."""

    async def until(true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - what is waited for lies outside this process
                await asyncio.sleep(0.01)

    return until
