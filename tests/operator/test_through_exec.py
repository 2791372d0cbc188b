"""The same stack, but guests are reached by exec as real ones are: the launcher's protocol is played by the simulated guest."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.devcluster.node.access import Access
from kdasync.devcluster.runtime.simguest import SimGuest
from kdasync.devcluster.runtime.simulated_container import Behaviour
from kdasync.reconcile.guests import ExecGuests

pytestmark = pytest.mark.looptime


def reach(stack: Any) -> SimGuest:
    """Answer execs in the stack, and have the operator use them."""
    guest = SimGuest()
    stack.runtime._guest = guest
    stack.plane.access = Access(stack.node)
    operator = stack.operator
    operator._guests = ExecGuests(operator.client, stack.settings, clock=operator._world.clock, report=operator.metrics.executed)
    return guest


async def test_a_member_costs_one_exec(running: Any, make: Any) -> None:
    async with running() as stack:
        guest = reach(stack)
        await stack.create("kubedirectorclusters", make(workers=4))
        await stack.until(lambda: stack.configured("one"))
        assert len(guest.starts) == 5
        assert stack.requests()[("exec", "Pod")] == 5


async def test_a_full_disk_is_named_and_a_retry_after_it_was_freed_is_enough(running: Any, make: Any) -> None:
    async with running(retries=0) as stack:
        guest = reach(stack)
        stack.runtime.behave = lambda sandbox, _spec: Behaviour(disk_full=sandbox.name.endswith("-1"))
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.condition("Stalled")["reason"] == "GuestDiskFull")
        assert "Free space" in stack.condition("Stalled")["message"]
        assert sorted(stack.members("one").values()) == ["config error", "configured", "configured"]
        assert len(guest.starts) == 2
        pod = next(name for name, state in stack.members("one").items() if state == "config error")
        stack.runtime.find("default", pod).behaviour = Behaviour()
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/retry-config": pod}}})
        await stack.until(lambda: stack.configured("one"))
        assert len(guest.starts) == 3


async def test_an_exec_that_is_cut_is_repeated_and_nothing_runs_twice(running: Any, make: Any) -> None:
    async with running() as stack:
        guest = reach(stack)
        stack.runtime.behave = lambda _sandbox, _spec: Behaviour(cut_exec=40)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: guest.execs > 6)
        for pod in stack.members("one"):
            stack.runtime.find("default", pod).behaviour = Behaviour()
        await stack.until(lambda: stack.configured("one"))
        assert len(guest.starts) == 3
