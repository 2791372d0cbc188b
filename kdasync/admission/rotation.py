"""Keeps one replica's certificate and the installed bundle in step with the Secret.

Flow: every `PERIOD`, and at start before the port is opened: read the Secret and what is installed, take the next step if one is due,
store it, serve what is stored, install its bundle.
Guarantees: replicas need no leader: a step is stored only over the version that it was computed from, and the one who loses reads
again. What is served was stored first, so no two replicas serve certificates of rival authorities. A failure keeps what is served.
Assumptions: clocks of replicas differ by less than ten minutes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from kdasync.admission.certificates import LINGER, Issuer, Material, advance, verifies
from kdasync.errors import Conflict, KdasyncError
from kdasync.telemetry.logging import logger

PERIOD = 3600.0  # seconds
_RETRY = 30.0
_TRIES = 5


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The Secret: its material, and the version to store over; None and empty if there is none."""

    material: Material | None = None
    version: str = ""


class Keeper(Protocol):
    """Where material and bundle are kept."""

    async def load(self) -> Stored:
        """The Secret."""

    async def save(self, material: Material, version: str) -> None:
        """Store over `version`. Raises Conflict if somebody else did."""

    async def installed(self) -> bytes:
        """The bundle that the API servers use, empty if we are not registered as we want to be."""

    async def install(self, bundle: bytes) -> None:
        """Register with this bundle."""


class Rotator:
    """One replica.

    Args:
        serve: takes a new certificate into use, at once and for every new connection.
        now: seconds since the epoch.
    """

    def __init__(self, keeper: Keeper, issuer: Issuer, *, serve: Callable[[Material], None], now: Callable[[], float]) -> None:
        self._keeper = keeper
        self._issuer = issuer
        self._serve = serve
        self._now = now
        self._read = 0.0
        self._bundle = b""
        self._log = logger("certificates")
        self.served: Material | None = None

    @property
    def ready(self) -> bool:
        """True while what is served verifies against what was last seen installed, and that was not long ago."""
        if self.served is None or self._now() - self._read > LINGER.total_seconds() / 2:
            return False
        return verifies(self.served.certificate, self._bundle, self._issuer.hosts[0], now=self._moment())

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Step for ever."""
        while True:
            await sleep(await self.attempt())

    async def attempt(self) -> float:
        """One step; seconds until the next. A failure is logged and tried again soon."""
        try:
            await self.step()
        except KdasyncError as error:
            self._log.warning("certificates not looked after", error=str(error))
            return _RETRY
        return PERIOD

    async def step(self) -> None:
        """Take the step that is due.

        Raises:
            KdasyncError: the API server could not be reached or refused.
        """
        for _ in range(_TRIES):
            stored, installed = await self._keeper.load(), await self._keeper.installed()
            wanted = advance(stored.material, self._issuer, now=self._moment(), installed=installed)
            try:
                if wanted != stored.material:
                    await self._keeper.save(wanted, stored.version)
                    self._log.info("certificates renewed", authorities=len(wanted.authorities))
            except Conflict:
                continue
            await self._take(wanted, installed)
            return
        raise Conflict(409, "Conflict", "the certificates' Secret keeps changing")

    async def _take(self, wanted: Material, installed: bytes) -> None:
        if wanted != self.served:
            self._serve(wanted)
            self.served = wanted
        if installed != wanted.bundle:
            await self._keeper.install(wanted.bundle)
        self._bundle, self._read = wanted.bundle, self._now()

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)
