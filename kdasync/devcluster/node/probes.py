"""Probes of one running container: startup first, then liveness and readiness side by side. Source: core/v1 Probe.

Flow: each probe is a loop of attempts; a change of its verdict is told to the container's task. Guarantee: a verdict changes only after the
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
        dead: the startup or liveness probe failed, with a sentence.
    """

    started: Callable[[], None]
    ready: Callable[[bool], None]
    dead: Callable[[str], None]


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
    if startup and not await _first_verdict(startup, attempt):
        verdicts.dead(f"Container {definition['name']} failed startup probe, will be restarted")
        return
    verdicts.started()
    if liveness:
        nursery.spawn(_live(liveness, attempt, verdicts, definition["name"]))
    if readiness:
        await _watch(readiness, attempt, verdicts.ready)
    else:
        verdicts.ready(True)


async def _live(probe: Document, attempt: Attempt, verdicts: Verdicts, name: str) -> None:
    def tell(alive: bool) -> None:
        if not alive:
            verdicts.dead(f"Container {name} failed liveness probe, will be restarted")

    await _watch(probe, attempt, tell)


async def _first_verdict(probe: Document, attempt: Attempt) -> bool:
    verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    watching = asyncio.create_task(_watch(probe, attempt, lambda value: None if verdict.done() else verdict.set_result(value)))
    try:
        return await verdict
    finally:
        watching.cancel()


async def _watch(probe: Document, attempt: Attempt, tell: Callable[[bool], None]) -> None:
    """Attempts for ever; `tell` hears of the first verdict and of each other one after it."""
    verdict: bool | None = None
    run = 0
    last: bool | None = None
    await asyncio.sleep(probe.get("initialDelaySeconds") or 0)
    while True:
        succeeded = await _once(probe, attempt)
        run = run + 1 if succeeded == last else 1
        last = succeeded
        needed = (probe.get("successThreshold") or 1) if succeeded else (probe.get("failureThreshold") or 3)
        if run >= needed and succeeded != verdict:
            verdict = succeeded
            tell(verdict)
        await asyncio.sleep(probe.get("periodSeconds") or 10)


async def _once(probe: Document, attempt: Attempt) -> bool:
    try:
        async with asyncio.timeout(probe.get("timeoutSeconds") or 1):
            return (await attempt(probe)).succeeded
    except TimeoutError:
        return False
