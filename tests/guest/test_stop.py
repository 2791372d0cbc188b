"""Stopping a run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from kdasync.guest.order import Outcome


def running(pid: str) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


async def test_stop_kills_the_whole_tree(guest: Any, setup: Any, script: Any, package: Any, until: Any) -> None:
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
