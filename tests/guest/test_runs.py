"""Runs: at most once, attach, lock, fence, stop, loss."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from kdasync.errors import ExecError
from kdasync.guest.order import Outcome

NOTIFY = {"event": "add-7", "setup": False, "package": None, "configmeta": None, "args": ("--addnodes", "--fqdns", "a,b c'd")}


async def until(condition: Any) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def running(pid: str) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


async def test_the_same_order_again_reports_the_same_end_and_runs_nothing(
    guest: Any, setup: Any, script: Any, package: Any
) -> None:
    order = setup(package=package(script("echo out; echo err >&2; exit 7")))
    first = await guest.deliver(order)
    again = await guest.deliver(order)
    assert first == again
    assert (first.outcome, first.exit_code, first.reason) == (Outcome.SCRIPT_FAILED, 7, "ScriptFailed")
    assert (first.stdout, first.stderr) == ("out\n", "err\n")
    assert guest.calls == ["--configure"]
    assert guest.text("/opt/guestconfig/configure.status") == "containerd://c1=7"


async def test_a_new_attempt_runs_again(guest: Any, setup: Any) -> None:
    await guest.deliver(setup())
    await guest.deliver(setup(attempt=2))
    assert len(guest.calls) == 2


async def test_a_new_incarnation_runs_again(guest: Any, setup: Any) -> None:
    await guest.deliver(setup())
    guest.boot("5555")
    result = await guest.deliver(setup())
    assert result.incarnation == "b001-5555"
    assert len(guest.calls) == 2


async def test_arguments_arrive_word_by_word(guest: Any, setup: Any, script: Any, package: Any) -> None:
    await guest.deliver(setup(package=package(script('for word; do echo "[$word]" >>"$GUEST/words"; done'))))
    await guest.deliver(setup(**NOTIFY))
    assert guest.text("words").splitlines()[1:] == ["[--addnodes]", "[--fqdns]", "[a,b c'd]"]


async def test_a_cut_exec_leaves_the_script_running_and_the_next_one_attaches(
    guest: Any, setup: Any, script: Any, package: Any
) -> None:
    order = setup(package=package(script('until [ -e "$GUEST/go-on" ]; do sleep 0.1; done; exit 3')))
    launched = asyncio.Event()
    first = asyncio.create_task(guest.deliver(order, launched.set))
    await asyncio.wait_for(launched.wait(), 10)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(guest.deliver(order))
    await asyncio.sleep(0.5)
    assert not second.done()
    guest.path("go-on").touch()
    assert (await second).exit_code == 3
    assert guest.calls == ["--configure"]


async def test_two_identical_orders_at_once_start_one_script(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script("sleep 0.3")))
    results = await asyncio.gather(*(guest.deliver(order) for _ in range(4)))
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert guest.calls == ["--configure"]


async def test_another_run_is_refused_while_one_is_at_work(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script("sleep 1.5")))
    launched = asyncio.Event()
    first = asyncio.create_task(guest.deliver(order, launched.set))
    await asyncio.wait_for(launched.wait(), 10)
    await until(lambda: guest.calls)
    assert (await guest.deliver(setup(**NOTIFY))).outcome is Outcome.BUSY
    assert (await first).outcome is Outcome.DONE
    assert (await guest.deliver(setup(**NOTIFY))).outcome is Outcome.DONE
    assert len(guest.calls) == 2


async def test_a_lower_commit_is_refused_and_changes_nothing(guest: Any, setup: Any) -> None:
    await guest.deliver(setup(commit=9))
    result = await guest.deliver(setup(commit=8, attempt=2, configmeta=b"old"))
    assert result.outcome is Outcome.STALE
    assert guest.text("/etc/guestconfig/configmeta.json") == '{"version":"7"}'
    assert len(guest.calls) == 1


async def test_the_fence_counts_for_one_incarnation_only(guest: Any, setup: Any) -> None:
    await guest.deliver(setup(commit=9))
    guest.boot("5555")
    assert (await guest.deliver(setup(commit=8))).outcome is Outcome.DONE


async def test_a_script_that_was_killed_with_its_wrapper_is_lost(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script('echo $$ $PPID >"$GUEST/pids"; echo began; sleep 60')))
    delivery = asyncio.create_task(guest.deliver(order))
    await until(lambda: guest.path("pids").exists() and guest.text("pids").endswith("\n"))
    own, parent = guest.text("pids").split()
    os.kill(int(parent), signal.SIGKILL)
    os.kill(int(own), signal.SIGKILL)
    result = await delivery
    assert (result.outcome, result.reason, result.stdout) == (Outcome.LOST, "RunLost", "began\n")
    assert (await guest.deliver(order)).outcome is Outcome.LOST
    assert guest.calls == ["--configure"]
    assert (await guest.deliver(setup(attempt=2))).outcome is Outcome.DONE


async def test_a_script_whose_wrapper_was_killed_counts_as_running_until_it_ends(
    guest: Any, setup: Any, script: Any, package: Any
) -> None:
    order = setup(package=package(script('echo $PPID >"$GUEST/parent"; until [ -e "$GUEST/go-on" ]; do sleep 0.1; done')))
    delivery = asyncio.create_task(guest.deliver(order))
    await until(lambda: guest.path("parent").exists() and guest.text("parent").endswith("\n"))
    os.kill(int(guest.text("parent")), signal.SIGKILL)
    await asyncio.sleep(0.3)
    assert (await guest.deliver(setup(**NOTIFY))).outcome is Outcome.BUSY
    guest.path("go-on").touch()
    assert (await delivery).outcome is Outcome.LOST


async def test_stop_kills_the_whole_tree(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script('sleep 61 & echo $! >"$GUEST/child"; wait')))
    delivery = asyncio.create_task(guest.deliver(order))
    await until(lambda: guest.path("child").exists() and guest.text("child").endswith("\n"))
    stopped = await guest.deliver(setup(stop=True, commit=6))
    assert (stopped.outcome, stopped.exit_code) == (Outcome.DONE, 143)
    result = await delivery
    assert (result.outcome, result.exit_code) == (Outcome.SCRIPT_FAILED, 143)
    child = guest.text("child").strip()
    await until(lambda: not running(child))


async def test_a_run_that_was_stopped_before_it_started_never_starts(guest: Any, setup: Any) -> None:
    assert (await guest.deliver(setup(stop=True))).outcome is Outcome.DONE
    assert (await guest.deliver(setup())).outcome is Outcome.LOST
    assert guest.calls == []


async def test_a_bundle_that_is_cut_runs_nothing(guest: Any, setup: Any) -> None:
    from kdasync.guest.bundle import Encoding, command, pack

    for encoding in Encoding:
        whole = pack(setup(), encoding)
        end = whole.rstrip(b"\0")
        for size in (0, 100, len(end) // 2, len(end) - 520, len(end) - 8):
            async with guest.exec(command(encoding, root=str(guest.root))) as process:
                await process.write(whole[:size])
                await process.close_stdin()
                while await process.read() is not None:
                    pass
    assert guest.calls == []
    assert not guest.path("/etc/guestconfig/configmeta.json").exists()


async def test_an_exec_that_ends_without_a_result_is_a_transient_error(guest: Any, setup: Any) -> None:
    guest.unlink("sh")
    guest.bin.joinpath("sh").write_text("#!/bin/sh\necho oops >&2; exit 9\n")
    guest.bin.joinpath("sh").chmod(0o755)
    with pytest.raises(ExecError, match="oops") as caught:
        await guest.deliver(setup())
    assert caught.value.transient
