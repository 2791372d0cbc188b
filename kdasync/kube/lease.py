"""Leader election: of all processes that use a Lease, at most one leads, and leading is a scope that ends before the lease does.

Why ours: kubernetes-asyncio's election leads on after the API server fell silent, cancels nothing and never releases.

Flow: `lead` waits until the lease is free (never taken, released, or unchanged for its full duration on our own clock), takes it, and
renews it every `retry` seconds beside the body. A leader counts from when it sent a renewal, a waiter from when it saw one: whatever
the wire does, the leader's time is over first. `renew_deadline` seconds after the last acknowledged renewal was sent the fence closes
and the body is cancelled; what is left of the lease is for requests that are on their way. At the end of the body the lease is
released, so that the next one need not wait.

Guarantees: bodies never overlap; no write passes the fence of a term that is over, also in a process that was stopped and goes on
later; each term has a number above all earlier ones. Times of other machines are never compared with ours.

Assumptions: `client` has no fence, and a request time-out well below `renew_deadline`; `identity` names this process and no other;
monotonic clocks run equally fast within `1 - renew_deadline / lease_seconds`. Source: API reference, coordination.k8s.io/v1 Lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from kdasync.api.meta import ObjectMeta
from kdasync.errors import Conflict, KdasyncError, LeaseLost, NotFound, SettingsError
from kdasync.kube.client import Client
from kdasync.kube.events import micro_time
from kdasync.kube.resource import LEASES
from kdasync.kube.wire import Lease, LeaseSpec
from kdasync.settings import Settings
from kdasync.telemetry.logging import logger

NEVER = float("-inf")


async def unhindered() -> str:
    """The obstacle that is never there."""
    return ""


def ignore(leading: bool) -> None:
    """The observer that does nothing."""


class Elector:
    """Takes part in one election.

    Args:
        client: without a fence.
        settings: `namespace`, `lease_name`, `lease_seconds`, `renew_deadline` and `lease_retry` are used.
        identity: of this process, unique.
        clock: monotonic seconds.
        now: seconds since the epoch, for the lease's text only.
        sleep: e.g. `asyncio.sleep`.
        obstacle: why we must not lead although the lease is free, empty if nothing is in the way.
        observe: told True when leading begins and False when it ends.

    Raises:
        SettingsError: the times contradict each other.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        *,
        identity: str,
        clock: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        obstacle: Callable[[], Awaitable[str]] = unhindered,
        observe: Callable[[bool], None] = ignore,
    ) -> None:
        if not 0 < settings.lease_retry < settings.renew_deadline < settings.lease_seconds:
            raise SettingsError("KDASYNC_LEASE_RETRY < KDASYNC_RENEW_DEADLINE < KDASYNC_LEASE_SECONDS must hold. Correct them.")
        self.identity = identity
        self._client = client
        self._settings = settings
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._obstacle = obstacle
        self._observe = observe
        self._log = logger("lease")
        self._until = NEVER
        self._held = Lease()
        self._seen = LeaseSpec()
        self._seen_at = 0.0
        self._told = ""

    @property
    def leading(self) -> bool:
        """True while our term lasts."""
        return self._clock() < self._until

    def fence(self) -> None:
        """For `Client.before_send`. Raises LeaseLost if our term is over or has not begun."""
        if not self.leading:
            raise LeaseLost(f"{self.identity} does not hold the lease {self._settings.lease_name}; nothing was sent.")

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[int]:
        """Wait for leadership, then run the body under it; yields the number of the term.

        Raises:
            LeaseLost: the body was cancelled because the term ended.
        """
        await self._acquire()
        term = self._held.spec.lease_transitions or 0
        self._log.info("leading", identity=self.identity, term=term)
        self._observe(True)
        try:
            async with asyncio.timeout(self._until - self._clock()) as scope:
                keeper = asyncio.get_running_loop().create_task(self._keep(scope), name="lease")
                try:
                    yield term
                finally:
                    keeper.cancel()
                    await asyncio.gather(keeper, return_exceptions=True)
        except TimeoutError as error:
            if not scope.expired():
                raise
            if not keeper.cancelled():
                keeper.result()  # a bug ended the term
            raise LeaseLost(f"{self.identity} lost the lease {self._settings.lease_name} in term {term}.") from error
        finally:
            await self._end()

    async def _end(self) -> None:
        """The term is over; give back what we still have."""
        held, self._until = self.leading, NEVER
        self._observe(False)
        self._log.info("not leading", identity=self.identity)
        if not held:
            return
        try:
            await self._release()
        except KdasyncError as error:
            self._log.warning("release failed; the others wait until the lease ends", error=str(error))

    async def _release(self) -> None:
        free = LeaseSpec(
            lease_duration_seconds=1, renew_time=micro_time(self._now()), lease_transitions=self._held.spec.lease_transitions
        )
        try:
            await self._write(free)
        except Conflict:  # a renewal was under way when the body ended
            await self._look()
            await self._write(free)

    async def _acquire(self) -> None:
        while True:
            try:
                wait = await self._try()
            except KdasyncError as error:
                self._tell(f"The lease {self._settings.namespace}/{self._settings.lease_name} cannot be taken: {error}")
                wait = self._settings.lease_retry
            if wait <= 0:
                self._told = ""
                return
            await self._sleep(min(wait, self._settings.lease_retry))

    async def _try(self) -> float:
        """Take the lease if that is allowed; returns the seconds after which it may be, 0 if we have it now."""
        try:
            found: Lease | None = await self._client.get(LEASES, self._settings.namespace, self._settings.lease_name)
        except NotFound:
            found = None
        wait = self._occupied(found.spec) if found else 0.0
        if wait > 0:
            return wait
        hindrance = await self._obstacle()
        if hindrance:
            self._tell(hindrance)
            return self._settings.lease_retry
        return 0.0 if await self._take(found) else self._settings.lease_retry

    def _occupied(self, spec: LeaseSpec) -> float:
        """Seconds for which the lease must stay unchanged until it may be taken."""
        if not spec.holder_identity or spec.holder_identity == self.identity:
            return 0.0
        now = self._clock()
        if spec != self._seen:
            self._seen, self._seen_at = spec, now
            self._tell(f"{spec.holder_identity} leads; standing by")
        lasts = spec.lease_duration_seconds or self._settings.lease_seconds
        return max(0.0, self._seen_at + lasts - now)

    async def _take(self, found: Lease | None) -> bool:
        sent, stamp = self._clock(), micro_time(self._now())
        term = (found.spec.lease_transitions or 0) + 1 if found else 0
        spec = LeaseSpec(
            holder_identity=self.identity,
            lease_duration_seconds=self._settings.lease_seconds,
            acquire_time=stamp,
            renew_time=stamp,
            lease_transitions=term,
        )
        meta = ObjectMeta(name=self._settings.lease_name, namespace=self._settings.namespace)
        self._held = found or Lease(api_version=LEASES.api_version, kind=LEASES.kind, metadata=meta)
        await self._write(spec)
        self._until = sent + self._settings.renew_deadline
        return self.leading

    async def _write(self, spec: LeaseSpec) -> None:
        """Replace the lease as we know it, or create it. Raises Conflict if somebody else wrote meanwhile."""
        lease = msgspec.structs.replace(self._held, api_version=LEASES.api_version, kind=LEASES.kind, spec=spec)
        meta, body = lease.metadata, msgspec.json.encode(lease)
        if meta.resource_version:
            self._held = await self._client.replace(LEASES, meta.namespace, meta.name, body)
        else:
            self._held = await self._client.create(LEASES, meta.namespace, body)

    async def _keep(self, scope: asyncio.Timeout) -> None:
        """Renew until the term is over; a lease that somebody else took or deleted ends it at once."""
        try:
            while not scope.expired():
                await self._sleep(self._settings.lease_retry)
                sent = self._clock()
                if await self._renew() and self.leading and not scope.expired():
                    self._until = sent + self._settings.renew_deadline
                    self._set(scope, self._until - self._clock())
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._until = NEVER
            self._set(scope, 0.0)
            raise

    def _set(self, scope: asyncio.Timeout, seconds: float) -> None:
        if not scope.expired():
            scope.reschedule(asyncio.get_running_loop().time() + seconds)

    async def _renew(self) -> bool:
        """True if a renewal was acknowledged. Raises LeaseLost if the lease is not ours any more."""
        try:
            await self._write(msgspec.structs.replace(self._held.spec, renew_time=micro_time(self._now())))
        except (Conflict, NotFound):
            return await self._look()
        except KdasyncError as error:
            self._log.warning("renewal failed", error=str(error), seconds_left=round(self._until - self._clock(), 1))
            return False
        return True

    async def _look(self) -> bool:
        """Somebody wrote: it may have been we ourselves, in a request whose answer was lost."""
        try:
            found = await self._client.get(LEASES, self._settings.namespace, self._settings.lease_name)
        except NotFound:
            raise LeaseLost("The lease was deleted.") from None
        except KdasyncError:
            return False
        ours = (self.identity, self._held.spec.lease_transitions)
        if (found.spec.holder_identity, found.spec.lease_transitions) != ours:
            raise LeaseLost(f"The lease is {found.spec.holder_identity or 'nobody'}'s.")
        self._held = found
        return False

    def _tell(self, text: str) -> None:
        """Say it once."""
        if text != self._told:
            self._told = text
            self._log.info("waiting", identity=self.identity, reason=text)
