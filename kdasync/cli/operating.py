"""The operator as a thing with a beginning and an end, for every command that runs one.

Flow: a session, a fetcher for setup packages, the operator as a task. Guarantees: leaving cancels it, then writes what the journal
has collected (within `FLUSH` seconds), then closes the connections; a bug that ended the operator is raised on leaving.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from kdasync.cli.world import real_world
from kdasync.guest.fetch import SessionFetch
from kdasync.guest.package import PackageStore
from kdasync.kube.transport import Transport
from kdasync.operator import Operator, elect
from kdasync.reconcile.witness import Listener
from kdasync.settings import Settings
from kdasync.telemetry.metrics import Metrics

FLUSH = 5.0


class Running:
    """A running operator and its task."""

    def __init__(self, operator: Operator, task: asyncio.Task[None]) -> None:
        self.operator = operator
        self.task = task

    async def ready(self) -> None:
        """Wait until all stores are synced. Raises what ended the operator, if it did."""
        while not self.operator.ready:
            if self.task.done():
                await self.task
            await asyncio.sleep(0.02)
        gc.collect()
        gc.freeze()  # what is there now stays: later collections need not look at it


@asynccontextmanager
async def operating(
    transport: Transport, *, settings: Settings, identity: str, listener: Listener | None = None
) -> AsyncIterator[Running]:
    """Run an operator over `transport`, which stays the caller's; it stands for election if `settings.leader_election` says so."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        fetch = SessionFetch(session, limit=settings.package_limit, timeout=settings.package_timeout)
        packages = PackageStore(fetch, unpacked_limit=settings.package_limit, kept=settings.package_limit)
        world, metrics = real_world(identity=identity), Metrics()
        operator = Operator(
            transport,
            settings=settings,
            world=world,
            packages=packages,
            metrics=metrics,
            election=elect(transport, settings=settings, world=world, metrics=metrics) if settings.leader_election else None,
            listener=listener,
        )
        task = asyncio.create_task(operator.run(), name="operator")
        try:
            yield Running(operator, task)
        finally:
            await _end(operator, task)
            await packages.close()


async def _end(operator: Operator, task: asyncio.Task[None]) -> None:
    ended_by_itself = task.done()
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(FLUSH):
        await operator.flush()
    if ended_by_itself and not task.cancelled():
        task.result()
