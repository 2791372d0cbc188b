"""One run at a time in a guest."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from kdasync.guest.order import Outcome


async def test_another_run_is_refused_while_one_is_at_work(
    guest: Any, setup: Any, script: Any, package: Any, notify: Any, until: Any
) -> None:
    order = setup(package=package(script("sleep 1.5")))
    launched = asyncio.Event()
    first = asyncio.create_task(guest.deliver(order, launched.set))
    await asyncio.wait_for(launched.wait(), 10)
    await until(lambda: guest.calls)
    assert (await guest.deliver(setup(**notify))).outcome is Outcome.BUSY
    assert (await first).outcome is Outcome.DONE
    assert (await guest.deliver(setup(**notify))).outcome is Outcome.DONE
    assert len(guest.calls) == 2


async def test_a_script_whose_wrapper_was_killed_counts_as_running_until_it_ends(
    guest: Any, setup: Any, script: Any, package: Any, until: Any, notify: Any
) -> None:
    order = setup(package=package(script('echo $PPID >"$GUEST/parent"; until [ -e "$GUEST/go-on" ]; do sleep 0.1; done')))
    delivery = asyncio.create_task(guest.deliver(order))
    await until(lambda: guest.path("parent").exists() and guest.text("parent").endswith("\n"))
    os.kill(int(guest.text("parent")), signal.SIGKILL)
    await asyncio.sleep(0.3)
    assert (await guest.deliver(setup(**notify))).outcome is Outcome.BUSY
    guest.path("go-on").touch()
    assert (await delivery).outcome is Outcome.LOST
