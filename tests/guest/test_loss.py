"""A run whose end nobody will know is lost, once and for all."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from kdasync.guest.order import Outcome


async def test_a_script_that_was_killed_with_its_wrapper_is_lost(
    guest: Any, setup: Any, script: Any, package: Any, until: Any
) -> None:
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
