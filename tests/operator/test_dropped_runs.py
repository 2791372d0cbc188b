"""A run that is dropped, or never ends, stands in nobody's way; what a peer began to hear is heard to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support.guests import FakeGuests

from kdasync.api.memory import LogEntry, MemberMemory
from kdasync.guest.order import Order, Outcome, Result
from kdasync.reconcile.jobs import Target
from kdasync.reconcile.membership import group, name, pending

pytestmark = pytest.mark.looptime
DONE = Result(outcome=Outcome.DONE)


class Locking(FakeGuests):
    """One run at a time in each container, until it ends or is stopped."""

    def __init__(self, stack: Any) -> None:
        super().__init__(stack)
        self.holders: dict[str, tuple[str, int]] = {}

    async def deliver(self, target: Target, order: Order, launched: Callable[[], None]) -> Result:
        run = (order.event, order.attempt)
        if order.stop:
            if self.holders.get(order.container) == run:
                del self.holders[order.container]
                self.claims[(order.container, *run)].cancel()
            return await super().deliver(target, order, launched)
        holder = self.holders.get(order.container, run)
        if holder != run:
            return Result(outcome=Outcome.BUSY, detail=f"{holder[0]}.{holder[1]} is at work")
        self.holders[order.container] = run
        result = await super().deliver(target, order, launched)
        self.holders.pop(order.container, None)
        return result


async def test_a_notification_that_never_returns_does_not_block_the_next(running: Any, make: Any, scale: Any) -> None:
    async with running(start=False) as stack:
        guests = stack.guests = Locking(stack)
        stack.start_operator(notify_seconds=10, notify_retries=2)
        await stack.create("kubedirectorclusters", make(workers=1))
        await stack.until(lambda: stack.configured("one"))
        first = [1e6]
        guests.script = lambda _target, order: (first.pop() if first and order.event.startswith("add") else 1.0, DONE)
        await stack.merge("one", scale(2))
        await stack.until(lambda: stack.configured("one"), seconds=60)
        added = [pod for pod, args in guests.calls if args.startswith("--addnodes")]
        assert len(added) == 3, "one peer is told once, the one that hung is told again"
        assert len(guests.stops) == 1


async def test_a_setup_of_another_operator_is_waited_for(running: Any, make: Any) -> None:
    async with running(start=False) as stack:
        busy = Result(
            outcome=Outcome.BUSY, reason="KubeDirectorRun", detail="KubeDirector's setup is still running in this container."
        )
        stack.guests.script = lambda _target, _order: (1.0, busy)
        stack.start_operator()
        await stack.create("kubedirectorclusters", make(workers=1))
        await asyncio.sleep(20)
        assert not stack.guests.stops


async def test_who_began_to_hear_of_a_member_hears_that_it_leaves_before_it_goes(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make(workers=1))
        await stack.until(lambda: stack.configured("one"))
        pods: list[int] = []

        def script(_target: Target, order: Order) -> tuple[float, Result]:
            if order.event.startswith("del"):
                pods.append(len(stack.all("pods")))
            return 5.0, DONE

        stack.guests.script = script
        await stack.merge("one", scale(2))
        await stack.until(lambda: any(args.startswith("--addnodes") for _, args in stack.guests.calls))
        await stack.merge("one", scale(1))
        await stack.until(lambda: stack.configured("one") and len(stack.all("pods")) == 2)
        assert pods == [3, 3], "both peers hear it while the pod is still there"


def entries(*ops: tuple[int, str, int, bool]) -> list[LogEntry]:
    return [LogEntry(seq=seq, op=op, node_id=node, role="w", pod=f"p{node}", epoch=2, begun=begun) for seq, op, node, begun in ops]


def peer() -> MemberMemory:
    return MemberMemory(node_id=1, role="w", ordinal=0, state="configured", since=0, setup_epoch=1)


def test_coming_and_going_cancel_only_if_nobody_began_to_hear_of_it() -> None:
    assert pending(entries((1, "add", 7, False), (2, "del", 7, False)), peer(), None) == ()
    assert [entry.op for entry in pending(entries((1, "add", 7, True), (2, "del", 7, False)), peer(), None)] == ["add", "del"]


def test_a_call_that_says_more_is_another_run() -> None:
    first = group(pending(entries((1, "add", 7, False)), peer(), None))
    both = group(pending(entries((1, "add", 7, False), (2, "add", 8, False)), peer(), None))
    assert name(first) != name(both)
