"""Long guest work: one job per member, beside the workers; its end is an event that wakes the cluster's key.

Flow: a job builds its order, takes a transfer slot, delivers, gives the slot back as soon as the script runs, waits for the end, and
looks live whether the container is still the one it was meant for. What fails on the way (exec cut, API server away, package server
away) is tried again with back-off, with the very same order: the claim in the guest makes that an attach.

Guarantees: at most one job per member; a job of another run is cancelled first; waiting for a script holds no slot, so scripts may
wait for each other; a result is kept until its run is no longer wanted.

Assumptions: the run has been committed before `ensure` is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from kdasync.api.memory import Run
from kdasync.errors import DefinitionError, ExecError, GuestError, KdasyncError
from kdasync.guest.order import Order, Outcome, Result
from kdasync.reconcile.snapshot import JobView
from kdasync.telemetry.logging import logger
from kdasync.workqueue.nursery import Nursery

Key = tuple[str, str]
_FIRST, _LONGEST = 0.2, 30.0  # seconds between two tries
_STOPS = 3  # tries to kill an overdue run


class Target(msgspec.Struct, frozen=True):
    """Which guest a job is for."""

    key: Key
    uid: str
    node_id: int
    pod: str


class Guests(Protocol):
    """How orders reach guests."""

    async def deliver(self, target: Target, order: Order, launched: Callable[[], None]) -> Result:
        """Do the order, see `guest/deliver.py`."""
        ...

    async def container(self, target: Target) -> str:
        """Id of the container that runs in the pod now, by a live read; empty if none."""
        ...


class _Job:
    """A job and what is known of it."""

    __slots__ = ("run", "task", "view")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.view = JobView(run.event, run.attempt, run.container)
        self.task: asyncio.Task[None] | None = None


class Jobs:
    """All jobs of the operator.

    Args:
        guests: how orders reach guests.
        nursery: owner of the tasks.
        wake: adds a key to the queue.
        transfers: how many bundles may be on the wire at once.
        sleep, random: injected.
    """

    def __init__(
        self,
        guests: Guests,
        nursery: Nursery,
        *,
        wake: Callable[[Key], None],
        transfers: int,
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        self._guests = guests
        self._nursery = nursery
        self._wake = wake
        self._slots = asyncio.Semaphore(transfers)
        self._sleep = sleep
        self._random = random
        self._log = logger("jobs")
        self._jobs: dict[str, dict[int, _Job]] = {}

    def views(self, uid: str) -> Mapping[int, JobView]:
        """What is known of a cluster's jobs, by node id."""
        return {node_id: job.view for node_id, job in self._jobs.get(uid, {}).items()}

    def ensure(self, target: Target, run: Run, make: Callable[[], Awaitable[Order]]) -> None:
        """See that a job delivers `run`; `make` builds the order, anew for each try."""
        known = self._jobs.setdefault(target.uid, {}).get(target.node_id)
        if known is not None and _same(known.run, run):
            return
        self._cancel(known)
        job = _Job(run)
        self._jobs[target.uid][target.node_id] = job
        job.task = self._nursery.start(self._work(target, job, make), name=f"job-{target.pod}-{run.event}-{run.attempt}")

    def retain(self, uid: str, wanted: Iterable[int]) -> None:
        """End the jobs of members that have no run any more; a cluster without jobs is forgotten."""
        keep = frozenset(wanted)
        jobs = self._jobs.get(uid, {})
        for node_id in [node_id for node_id in jobs if node_id not in keep]:
            self._cancel(jobs.pop(node_id))
        if not jobs:
            self._jobs.pop(uid, None)

    def stop(self, target: Target, make: Callable[[], Awaitable[Order]]) -> None:
        """Kill a run in its guest, once, as far as the guest can be reached: the next attempt waits for the guest's lock anyway."""
        self._nursery.start(self._stop(target, make), name=f"stop-{target.pod}")

    async def _stop(self, target: Target, make: Callable[[], Awaitable[Order]]) -> None:
        for attempt in range(_STOPS):
            try:
                await self._guests.deliver(target, await make(), lambda: None)
            except Exception as error:  # noqa: BLE001 - the border of one member
                self._log.warning("run not stopped", pod=target.pod, error=str(error))
                await self._sleep(_FIRST * 2.0**attempt)
            else:
                return

    def running(self) -> int:
        """Jobs without a result."""
        return sum(job.view.result is None for jobs in self._jobs.values() for job in jobs.values())

    def _cancel(self, job: _Job | None) -> None:
        if job is not None and job.task is not None:
            job.task.cancel()

    async def _work(self, target: Target, job: _Job, make: Callable[[], Awaitable[Order]]) -> None:
        tries = 0
        while True:
            try:
                result = await self._try(target, job, make)
            except (DefinitionError, GuestError) as error:
                if not error.transient:
                    result = Result(outcome=Outcome.BROKEN, reason=error.reason, detail=error.message, remedy=error.remedy)
                else:
                    result = None
                    self._troubled(target, job, error)
            except KdasyncError as error:
                result = None
                self._troubled(target, job, error)
            except Exception as error:  # noqa: BLE001 - the border of one member: a bug here must not end the operator
                result = None
                self._log.error("job failed", pod=target.pod, run=job.run.event, exc_info=error)
                self._troubled(target, job, ExecError("Internal", f"{type(error).__name__}: {error}"))
            if result is not None:
                job.view = msgspec.structs.replace(job.view, result=result, trouble="")
                self._wake(target.key)
                return
            tries += 1
            await self._sleep(min(_LONGEST, _FIRST * 2.0 ** min(tries, 10)) * (0.5 + self._random() / 2))

    def _troubled(self, target: Target, job: _Job, error: KdasyncError) -> None:
        if job.view.trouble != _text(error):
            job.view = msgspec.structs.replace(job.view, trouble=_text(error), cause=_cause(error))
            self._wake(target.key)

    async def _try(self, target: Target, job: _Job, make: Callable[[], Awaitable[Order]]) -> Result | None:
        order = await make()
        slot = _Slot(self._slots)
        await slot.take()

        def launched() -> None:
            slot.give()
            if not job.view.launched:
                job.view = msgspec.structs.replace(job.view, launched=True, trouble="")
                self._wake(target.key)

        try:
            result = await self._guests.deliver(target, order, launched)
        finally:
            slot.give()
        if result.outcome is Outcome.BUSY:
            await self._clear(target, order, result)
            raise ExecError("Internal", "another script still runs in the guest")
        if await self._guests.container(target) != job.run.container:
            raise ExecError("ContainerNotFound", "the container was replaced meanwhile")
        return result

    async def _clear(self, target: Target, order: Order, busy: Result) -> None:
        """A member has one run: whichever other one of ours is at work in its guest was dropped, and is stopped, or it might hang there.

        KubeDirector's setup is awaited instead.
        """
        event, _, attempt = busy.detail.partition(" ")[0].rpartition(".")
        if busy.reason or not attempt.isdigit():
            return
        stop = Order(
            container=order.container,
            event=event,
            attempt=int(attempt),
            commit=order.commit,
            provenance=order.provenance,
            stop=True,
        )
        await self._guests.deliver(target, stop, lambda: None)


def _cause(error: KdasyncError) -> str:
    """What could not be reached: the package's server says so itself, everything else is the guest."""
    return error.reason if isinstance(error, GuestError) else "GuestUnreachable"


def _text(error: KdasyncError) -> str:
    return error.message if isinstance(error, GuestError) else str(error)


class _Slot:
    """A transfer slot that is given back once."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._held = False

    async def take(self) -> None:
        await self._slots.acquire()
        self._held = True

    def give(self) -> None:
        if self._held:
            self._held = False
            self._slots.release()


def _same(one: Run, other: Run) -> bool:
    return (one.event, one.attempt, one.container) == (other.event, other.attempt, other.container)
