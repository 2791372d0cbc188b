"""Guests and packages of the tests: no exec, no network, the claims of the real launcher."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kdasync.guest.order import Order, Outcome, Package, Result
from kdasync.reconcile.jobs import Target

Script = Callable[[Target, Order], tuple[float, Result]]


def succeed(_target: Target, _order: Order) -> tuple[float, Result]:
    return 1.0, Result(outcome=Outcome.DONE)


class FakeGuests:
    """Guests that claim a run once per (container, event, attempt) and answer by `script` (seconds, result)."""

    def __init__(self, stack: Any) -> None:
        self.stack = stack
        self.script: Script = succeed
        self.claims: dict[tuple[str, str, int], asyncio.Task[Result]] = {}
        self.calls: list[tuple[str, str]] = []
        self.orders: list[Order] = []
        self.stops: list[Order] = []
        self.trouble: Exception | None = None

    async def deliver(self, target: Target, order: Order, launched: Callable[[], None]) -> Result:
        await asyncio.sleep(0.05)
        if self.trouble is not None:
            raise self.trouble
        if order.stop:
            self.stops.append(order)
            return Result(outcome=Outcome.DONE)
        claim = (order.container, order.event, order.attempt)
        if claim not in self.claims:
            self.orders.append(order)
            if order.args:
                self.calls.append((target.pod, " ".join(order.args)))
            self.claims[claim] = self.stack.guest_tasks.start(self._run(target, order), name="script")
        launched()
        return await asyncio.shield(self.claims[claim])

    async def _run(self, target: Target, order: Order) -> Result:
        seconds, result = self.script(target, order)
        await asyncio.sleep(seconds)
        return result

    async def container(self, target: Target) -> str:
        pod = self.stack.find("pods", target.pod, target.key[0])
        statuses = pod["status"].get("containerStatuses", []) if pod else []
        return statuses[0].get("containerID", "") if statuses else ""

    def of(self, pod: str) -> list[str]:
        return [args for name, args in self.calls if name == pod]


class SomePackage:
    """Every URL has the same small package, or the same error."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def get(self, url: str) -> Package:
        if self.error is not None:
            raise self.error
        return Package(digest=url, root="app", files=())
