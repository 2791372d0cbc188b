"""One suite of cases against the real launcher and against its simulated model: the same orders get the same results."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from kdasync.devcluster.runtime.protocol import ContainerSpec, Mount, SandboxSpec
from kdasync.devcluster.runtime.simguest import ScriptEnd, SimGuest
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.guest.bundle import Encoding, command, pack
from kdasync.guest.deliver import deliver
from kdasync.guest.order import Order, Outcome, Provenance, Result

Ends = Mapping[str, ScriptEnd]


class Real:
    """The launcher in a real shell."""

    def __init__(self, guest: Any, package: Callable[[str], Any]) -> None:
        self.guest = guest
        self._package = package
        self._boots = 0

    def behave(self, ends: Ends) -> None:
        """What the script does for each first argument."""
        lines = ["#!/bin/sh", 'echo "$*" >>"$GUEST/calls"', "case $1 in"]
        for argument, end in ends.items():
            rest = "exec sleep 600" if end.seconds is None else f"sleep {end.seconds}; exit {end.exit_code}"
            lines.append(f"{argument}) printf %s {shlex.quote(end.stdout)}; printf %s {shlex.quote(end.stderr)} >&2; {rest} ;;")
        self._text = "\n".join([*lines, "esac", ""])

    async def deliver(self, order: Order, launched: Callable[[], None] = lambda: None) -> Result:
        package = self._package(self._text) if order.setup else None
        result: Result = await self.guest.deliver(msgspec.structs.replace(order, package=package), launched)
        return msgspec.structs.replace(result, stderr=result.stderr.removesuffix("Terminated\n"))  # dash's own word for a signal

    async def reboot(self) -> None:
        self._boots += 1
        self.guest.boot(str(self._boots))

    def calls(self) -> list[str]:
        calls: list[str] = self.guest.calls
        return calls

    def unmark(self) -> None:
        self.guest.path("/opt/guestconfig/.kdasync/provenance").unlink()

    def write_status(self, text: str) -> None:
        self.guest.path("/opt/guestconfig/configure.status").write_text(text)


class _Exec:
    """A simulated exec with the shape of `ExecProcess`."""

    exit_code: int | None = None

    def __init__(self, process: Any) -> None:
        self._process = process
        self.write = process.write
        self.close_stdin = process.close_stdin

    async def read(self) -> tuple[int, bytes] | None:
        piece: tuple[int, bytes] | None = await self._process.read()
        self.exit_code = None if piece else await self._process.wait()
        return piece


class Model:
    """The simulated guest."""

    def __init__(self) -> None:
        self.guest = SimGuest()
        self.runtime = SimulatedRuntime(random=Random(1), guest=self.guest)  # noqa: S311
        self.container: Any = None

    def behave(self, ends: Ends) -> None:
        self.guest.scripts = lambda _container, _event, args: ends[args[0]]

    @asynccontextmanager
    async def exec(self, command: tuple[str, ...]) -> AsyncIterator[_Exec]:
        process = await self.container.exec(command, stdin=True, tty=False)
        try:
            yield _Exec(process)
        finally:
            process.kill()

    async def deliver(self, order: Order, launched: Callable[[], None] = lambda: None) -> Result:
        return await deliver(order, self.exec, on_launched=launched)

    async def reboot(self) -> None:
        if self.container:
            self.container.kill()
        sandbox = await self.runtime.sandbox(SandboxSpec(uid="p", namespace="n", name="pod", hostname="pod"))
        spec = ContainerSpec(name="app", image="i", mounts=(Mount(path="/opt", source="volume", sub_path="opt"),))
        self.container = await sandbox.start(spec)

    def calls(self) -> list[str]:
        return [" ".join(start.args) for start in self.guest.starts]

    def unmark(self) -> None:
        del self.runtime.volumes["volume"]["provenance"]

    def write_status(self, text: str) -> None:
        self.runtime.volumes["volume"]["status"] = text


ENDS = {
    "--configure": ScriptEnd(seconds=0.1, stdout="one\ntwo", stderr="why\n", exit_code=3),
    "--addnodes": ScriptEnd(),
    "--reconnect": ScriptEnd(seconds=None, stdout="began\n"),
}
GOOD = {**ENDS, "--configure": ScriptEnd(stdout="fine\n")}


def order(event: str = "configure", **changes: Any) -> Order:
    """An order of one member; without changes its setup."""
    base = Order(
        container="c://1",
        event=event,
        attempt=1,
        commit=5,
        provenance=Provenance("uid-1", "worker", 3, "d1"),
        args=("--configure",),
        configmeta=b"{}",
        setup=event == "configure",
    )
    return msgspec.structs.replace(base, **changes)


def probe(**changes: Any) -> Order:
    return order("recover", **{"probe": True, "args": (), "container": "c://2", **changes})


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def setup_twice(sut: Any) -> list[Result]:
    return [await sut.deliver(order()), await sut.deliver(order()), await sut.deliver(order(attempt=2))]


async def good_setup(sut: Any) -> list[Result]:
    sut.behave(GOOD)
    return [await sut.deliver(order()), await sut.deliver(order())]


async def nothing_to_run(sut: Any) -> list[Result]:
    return [
        await sut.deliver(order(args=())),
        await sut.deliver(order("refresh-2", args=())),
        await sut.deliver(probe(container="c://1")),
    ]


async def tails(sut: Any) -> list[Result]:
    return [await sut.deliver(order(attempt=number, tail=number)) for number in range(1, 9)] + [
        await sut.deliver(order(attempt=9, tail=0))
    ]


async def stale(sut: Any) -> list[Result]:
    results = [await sut.deliver(order(commit=7)), await sut.deliver(order(commit=6)), await sut.deliver(probe(commit=6))]
    return [*results, await sut.deliver(order(commit=6, stop=True)), await sut.deliver(order(attempt=2, commit=7))]


async def rebooted(sut: Any) -> list[Result]:
    first = await sut.deliver(order(commit=9))
    await sut.reboot()
    return [first, await sut.deliver(order(commit=2)), await sut.deliver(order(commit=2))]


async def busy_then_stopped(sut: Any) -> list[Result]:
    sut.behave(GOOD)
    results = [await sut.deliver(order())]
    launched = asyncio.Event()
    endless = asyncio.create_task(sut.deliver(order("reconnect-1", args=("--reconnect",)), launched.set))
    await launched.wait()
    await until(lambda: len(sut.calls()) == 2)
    results.append(await sut.deliver(order("add-1", args=("--addnodes",))))
    results.append(await sut.deliver(order("reconnect-1", args=("--reconnect",), stop=True, commit=6)))
    results.append(await endless)
    results.append(await sut.deliver(order("add-1", args=("--addnodes",), commit=6)))
    return [*results, await sut.deliver(order("add-1", args=("--addnodes",), commit=5))]


async def stopped_before(sut: Any) -> list[Result]:
    return [await sut.deliver(order(stop=True)), await sut.deliver(order()), await sut.deliver(order(attempt=2))]


async def attached(sut: Any) -> list[Result]:
    return list(await asyncio.gather(*(sut.deliver(order()) for _ in range(3))))


async def probed(sut: Any) -> list[Result]:
    results = [await sut.deliver(probe())]
    sut.behave(GOOD)
    await sut.deliver(order())
    await sut.reboot()
    owners: tuple[dict[str, Any], ...] = (
        {},
        {"provenance": Provenance("uid-2", "worker", 3)},
        {"provenance": Provenance("uid-1", "worker", 4), "trust_unmarked": True},
        {"provenance": Provenance("uid-1", "worker", 3, "d2")},
        {"provenance": Provenance("uid-1", "worker", 3)},
    )
    results += [await sut.deliver(probe(**changes)) for changes in owners]
    for text in ("c://1=", "c://2=", "nonsense", "c://1=4", "c://1=x", "a=b=0\n", "a=0"):
        sut.write_status(text)
        results.append(await sut.deliver(probe()))
    sut.unmark()
    results.append(await sut.deliver(probe()))
    return [*results, await sut.deliver(probe(trust_unmarked=True)), await sut.deliver(probe())]


@pytest.fixture
async def simulated() -> AsyncIterator[Model]:
    model = Model()
    await model.reboot()
    yield model
    await model.runtime.close()
    await asyncio.sleep(0)


CASES = (setup_twice, good_setup, nothing_to_run, tails, stale, rebooted, busy_then_stopped, stopped_before, attached, probed)


async def observe(sut: Any, case: Callable[[Any], Any]) -> tuple[list[Result], list[str], int]:
    """Results without the incarnation's name, the calls, and how many incarnations there were."""
    sut.behave(ENDS)
    results = await case(sut)
    plain = [msgspec.structs.replace(result, incarnation="") for result in results]
    return plain, sut.calls(), len({result.incarnation for result in results})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_model_answers_as_the_launcher(case: Any, tmp_path: Path, new_guest: Any, package: Any, simulated: Model) -> None:
    shell = "dash" if shutil.which("dash") else "bash"
    real = await observe(Real(new_guest(tmp_path / "guest", shell), package), case)
    model = await observe(simulated, case)
    for theirs, ours in zip(real[0], model[0], strict=True):
        assert ours == theirs
    assert model[1:] == real[1:]
    assert real[0]


async def test_hooks_of_the_model(simulated: Model) -> None:
    sut = simulated
    sut.behave({"--configure": ScriptEnd(exit_code=127, reason="GuestNoInterpreter", detail="startscript needs python.")})
    sut.guest.shell = False
    with pytest.raises(FileNotFoundError):
        await sut.deliver(order())
    sut.guest.shell = True
    sut.container.behaviour = msgspec.structs.replace(sut.container.behaviour, disk_full=True)
    assert (await sut.deliver(order())).reason == "GuestDiskFull"
    sut.container.behaviour = msgspec.structs.replace(sut.container.behaviour, disk_full=False)
    assert (await sut.deliver(order())).reason == "GuestNoInterpreter"
    sut.guest.python = False
    sut.behave({"--configure": ScriptEnd(exit_code=111, stderr="bd_vcli failed")})
    assert (await sut.deliver(order(attempt=2))).reason == "ConfigcliUnavailable"
    sut.behave(ENDS)
    running = asyncio.create_task(sut.deliver(order("reconnect-1", args=("--reconnect",))))
    await asyncio.sleep(0.05)
    sut.guest.lose(sut.container)
    result = await running
    assert (result.outcome, result.stdout) == (Outcome.LOST, "began\n")
    assert len(sut.calls()) == 3


async def test_a_cut_bundle_does_nothing_in_the_model(simulated: Model) -> None:
    sut = simulated
    whole = pack(order(), Encoding.TAR)
    for size in (0, 100, len(whole) // 2):
        async with sut.exec(command(Encoding.TAR)) as process:
            await process.write(whole[:size])
            await process.close_stdin()
            assert b"BundleCut" in (await process.read() or (1, b""))[1]
    assert sut.calls() == []
