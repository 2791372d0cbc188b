"""The runtime without processes."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.devcluster.runtime.simulated_container import Behaviour, ExecCall, SimulatedContainer

pytestmark = pytest.mark.looptime
POD = SandboxSpec(uid="u", namespace="ns", name="web-0", hostname="web-0")
APP = ContainerSpec(name="app", image="i")


class Echo:
    """Answers with what it got; leaves work behind on demand."""

    async def main(self, container: SimulatedContainer) -> int:
        container.write_log(b"hello\n")
        await asyncio.sleep(1000)
        return 3

    def finds(self, container: SimulatedContainer, executable: str) -> bool:  # noqa: ARG002 - part of the contract
        return executable != "/nowhere"

    async def exec(self, call: ExecCall) -> int:
        if call.command[0] == "detach":
            call.container.spawn(self._later(call.container))
        call.write(1, await call.read_all())
        call.write(2, b"done")
        await asyncio.sleep(5)
        return 7

    async def _later(self, container: SimulatedContainer) -> None:
        await asyncio.sleep(10)
        container.disk["later"] = True


def new_runtime(behaviour: Behaviour | None = None) -> SimulatedRuntime:
    return SimulatedRuntime(random=Random(1), guest=Echo(), behave=lambda _sandbox, _spec: behaviour or Behaviour())  # noqa: S311


async def start(runtime: SimulatedRuntime) -> SimulatedContainer:
    return await (await runtime.sandbox(POD)).start(APP)


async def test_an_exec_has_stdin_both_outputs_and_an_exit_code() -> None:
    container = await start(new_runtime())
    process = await container.exec(("cat",), stdin=True, tty=False)
    await process.write(b"a")
    await process.write(b"b")
    await process.close_stdin()
    assert [await process.read(), await process.read(), await process.read()] == [(1, b"ab"), (2, b"done"), None]
    assert await process.wait() == 7
    assert asyncio.get_running_loop().time() == 5


async def test_a_killed_exec_leaves_its_detached_work_running() -> None:
    container = await start(new_runtime())
    process = await container.exec(("detach",), stdin=False, tty=False)
    assert await process.read() == (1, b"")
    process.kill()
    assert await process.wait() == 137
    await asyncio.sleep(11)
    assert container.disk == {"later": True}


async def test_the_end_of_a_container_ends_everything_in_it() -> None:
    container = await start(new_runtime())
    process = await container.exec(("detach",), stdin=False, tty=False)
    assert await process.read() == (1, b"")
    container.kill()
    assert (await process.wait(), await container.wait()) == (137, 137)
    await asyncio.sleep(20)
    assert container.disk == {}
    with pytest.raises(RuntimeError, match="not running"):
        await container.exec(("cat",), stdin=False, tty=False)


async def test_a_missing_executable_is_told() -> None:
    container = await start(new_runtime())
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        await container.exec(("/nowhere",), stdin=False, tty=False)


async def test_the_main_process_has_a_log_and_an_exit_code() -> None:
    container = await start(new_runtime())
    assert await container.wait() == 3
    assert container.log() == b"hello\n"


async def test_stopping_takes_as_long_as_the_container_wants_but_not_longer_than_the_grace() -> None:
    container = await start(new_runtime(Behaviour(stop_seconds=5)))
    await container.stop(grace=30)
    assert (await container.wait(), asyncio.get_running_loop().time()) == (143, 5)
    stubborn = await start(new_runtime(Behaviour(stop_seconds=100)))
    await stubborn.stop(grace=30)
    assert (await stubborn.wait(), asyncio.get_running_loop().time()) == (137, 35)


async def test_faults_cut_exec_hidden_id_slow_and_failed_start() -> None:
    cut = await start(new_runtime(Behaviour(cut_exec=3, start_seconds=2)))
    assert asyncio.get_running_loop().time() == 2
    process = await cut.exec(("cat",), stdin=True, tty=False)
    await process.write(b"long answer")
    await process.close_stdin()
    with pytest.raises(ConnectionResetError):
        await process.read()
    assert (await start(new_runtime(Behaviour(hide_id=True)))).id == ""
    with pytest.raises(OSError, match="no space"):
        await start(new_runtime(Behaviour(fail="no space left on device")))


async def test_volumes_outlive_containers_until_they_are_deleted() -> None:
    runtime = new_runtime()
    container = await start(runtime)
    container.volume("pvc-1")["mark"] = "x"
    container.kill()
    assert (await start(runtime)).volume("pvc-1") == {"mark": "x"}
    await runtime.delete_volume("pvc-1")
    assert (await start(runtime)).volume("pvc-1") == {}


async def test_ids_are_repeatable_and_never_reused() -> None:
    first, second = new_runtime(), new_runtime()
    ids = [(await start(first)).id, (await start(first)).id]
    assert ids == [(await start(second)).id, (await start(second)).id]
    assert len(set(ids)) == 2
    assert ids[0].startswith("kdasync://")


async def test_a_running_container_is_found_by_its_names() -> None:
    runtime = new_runtime()
    container = await start(runtime)
    assert runtime.find("ns", "web-0") is container
    await runtime.close()
    with pytest.raises(KeyError):
        runtime.find("ns", "web-0")
    assert not container.running
