"""An operator that is killed at its k-th action: a write, an exec or a delivery to a guest.

Flow: transport and guests are wrapped; each action is counted; at the k-th the wire is severed, either before the action left or
after it was handled but before its answer came back, and from then on nothing leaves any more. Whoever waits on `blown` cancels
the operator's tasks, which may still run `finally`, and starts a new one on a fresh wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.errors import TransportError
from kdasync.guest.order import Order, Result
from kdasync.kube.transport import Channel, Request, Response, Stream
from kdasync.reconcile.jobs import Target


class Fuse:
    """Counts actions from `arm` on and blows at number `at` (None: never)."""

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.armed = False
        self.actions: list[str] = []
        self.blown = asyncio.Event()

    def arm(self) -> None:
        self.armed = True

    def meets(self, action: str) -> bool:
        """True if this action is the one; raises if it must not leave any more."""
        self.check()
        if not self.armed:
            return False
        self.actions.append(action)
        hit = len(self.actions) == self.at
        if hit and not self.after:
            self.blow()
        return hit

    def blow(self) -> None:
        self.blown.set()
        raise TransportError("the operator is dead")

    def check(self) -> None:
        if self.blown.is_set():
            raise TransportError("the operator is dead", sent=False)


class FusedTransport:
    """Below `kube/`: the wire of one operator's life."""

    def __init__(self, inner: InProcessTransport, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def sever(self) -> None:
        self._inner.sever()

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        self._fuse.check()
        hit = request.method not in ("GET", "HEAD") and self._fuse.meets(f"{request.method} {request.path}")
        answer = await self._inner.request(request, timeout=timeout)
        if hit:
            self._fuse.blow()
        self._fuse.check()
        return answer

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AsyncIterator[Stream]:
        self._fuse.check()
        async with self._inner.stream(request, connect_timeout=connect_timeout, idle_timeout=idle_timeout) as stream:
            yield stream

    @asynccontextmanager
    async def channel(self, request: Request, *, connect_timeout: float) -> AsyncIterator[Channel]:
        hit = self._fuse.meets(f"EXEC {request.path}")
        async with self._inner.channel(request, connect_timeout=connect_timeout) as channel:
            if hit:
                self._fuse.blow()
            yield channel

    async def close(self) -> None:
        await self._inner.close()


class FusedGuests:
    """The guests as one operator's life reaches them; the guests themselves live on."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def deliver(self, target: Target, order: Order, launched: Callable[[], None]) -> Result:
        hit = self._fuse.meets(f"DELIVER {target.pod} {order.event} {order.attempt}")

        def began() -> None:
            if hit:
                self._fuse.blow()
            launched()

        result: Result = await self._inner.deliver(target, order, began)
        if hit:
            self._fuse.blow()
        self._fuse.check()
        return result

    async def container(self, target: Target) -> str:
        self._fuse.check()
        found: str = await self._inner.container(target)
        return found
