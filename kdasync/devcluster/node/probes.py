"""Probes of one running container: startup first, then liveness and readiness side by side. Source: core/v1 Probe.

Flow: each probe is a loop of attempts; a change of its verdict is told to the container. Guarantee: a verdict changes only after the
probe's threshold of equal attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.node.hooks import Outcome
from kdasync.devcluster.node.lookup import Document

Attempt = Callable[[Document], Awaitable[Outcome]]


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell.

    Attributes:
        started: the startup probe succeeded (at once if there is none).
        ready: the readiness verdict changed (True at once if there is no such probe).
        dead: the startup or liveness probe failed; it ends the container, and with it the probes.
    """

    started: Callable[[], None]
    ready: Callable[[bool], None]
    dead: Callable[[], Awaitable[None]]


@asynccontextmanager
async def probing(definition: Document, attempt: Attempt, verdicts: Verdicts) -> AsyncIterator[None]:
    """Probe a container while the block runs."""
    nursery = Nursery()
    nursery.spawn(_all(definition, attempt, verdicts, nursery))
    try:
        yield
    finally:
        await nursery.close()


async def _all(definition: Document, attempt: Attempt, verdicts: Verdicts, nursery: Nursery) -> None:
    startup, liveness, readiness = (definition.get(f"{kind}Probe") for kind in ("startup", "liveness", "readiness"))
    if startup and not await Probe(startup, attempt).verdict():
        await verdicts.dead()
        return
    verdicts.started()
    if liveness:
        nursery.spawn(_live(liveness, attempt, verdicts))
    if not readiness:
        verdicts.ready(True)
        return
    probe = Probe(readiness, attempt)
    while True:
        verdicts.ready(await probe.verdict())


async def _live(definition: Document, attempt: Attempt, verdicts: Verdicts) -> None:
    probe = Probe(definition, attempt)
    while await probe.verdict():
        continue
    await verdicts.dead()


class Probe:
    """One probe: attempts at its period, verdicts at its thresholds."""

    def __init__(self, definition: Document, attempt: Attempt) -> None:
        self._definition = definition
        self._attempt = attempt
        self._verdict: bool | None = None
        self._last: bool | None = None
        self._run = 0
        self._pause = float(definition.get("initialDelaySeconds") or 0)

    async def verdict(self) -> bool:
        """The next verdict: the first one, or one that differs from the last."""
        while True:
            await asyncio.sleep(self._pause)
            self._pause = float(self._definition.get("periodSeconds") or 10)
            succeeded = await _once(self._definition, self._attempt)
            self._run = self._run + 1 if succeeded == self._last else 1
            self._last = succeeded
            if self._run >= self._needed(succeeded) and succeeded != self._verdict:
                self._verdict = succeeded
                return succeeded

    def _needed(self, succeeded: bool) -> int:
        if succeeded:
            return int(self._definition.get("successThreshold") or 1)
        return int(self._definition.get("failureThreshold") or 3)


async def _once(probe: Document, attempt: Attempt) -> bool:
    try:
        async with asyncio.timeout(probe.get("timeoutSeconds") or 1):
            return (await attempt(probe)).succeeded
    except TimeoutError:
        return False
