"""A run is claimed once: repeated, attached, retried, restarted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.guest.order import Outcome


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


async def test_arguments_arrive_word_by_word(guest: Any, setup: Any, script: Any, package: Any, notify: Any) -> None:
    await guest.deliver(setup(package=package(script('for word; do echo "[$word]" >>"$GUEST/words"; done'))))
    await guest.deliver(setup(**notify))
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
