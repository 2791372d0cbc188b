"""Setup packages: fetched once by the operator and checked before any guest is touched.

Why: a thousand guests that each fetch the same archive load its server, need curl and tar, and find out one by one that the package
is broken. Here one answer serves all, and a bad package is a condition on the cluster, with no member harmed.

Flow: `PackageStore.get(url)` joins a fetch of that URL that is under way, else asks the server, with the validator of the last
answer; 304 takes the kept package.

Guarantees: one fetch of a URL at a time; at most `kept` bytes of archives are remembered, least recently used go first; a package is
returned only if `check_package` accepts it. A failed fetch is not remembered.

Assumptions: `fetch` bounds time and size and raises TransportError (see `kdasync.guest.fetch`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from kdasync.errors import GuestError, TransportError
from kdasync.guest.archive import check_package
from kdasync.guest.order import Package

_OK = 200
_NOT_MODIFIED = 304
_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: HTTP status, body (None: it is larger than the limit) and its ETag or empty."""

    status: int
    body: bytes | None = b""
    etag: str = ""


Fetch = Callable[[str, str], Awaitable[Fetched]]
"""(url, etag or empty) -> answer; raises TransportError if there is none."""


class PackageUnreachable(GuestError):
    """No usable answer now: worth repeating."""

    transient = True


class _Kept(msgspec.Struct, frozen=True):
    package: Package
    etag: str
    size: int


class PackageStore:
    """Packages by URL."""

    def __init__(self, fetch: Fetch, *, unpacked_limit: int, kept: int) -> None:
        self._fetch = fetch
        self._unpacked_limit = unpacked_limit
        self._limit = kept
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._running: dict[str, asyncio.Task[Package]] = {}
        self._fetches = 0

    def statistics(self) -> dict[str, int]:
        """Packages kept, their archives' bytes, fetches made."""
        return {"kept": len(self._kept), "bytes": sum(kept.size for kept in self._kept.values()), "fetches": self._fetches}

    async def get(self, url: str) -> Package:
        """The package at an http(s) URL.

        Raises:
            GuestError: PackageNotFound, PackageTooLarge, PackageMalformed, PackageUnsafe.
            PackageUnreachable: transient.
        """
        task = self._running.get(url)
        if task is None:
            task = self._running[url] = asyncio.create_task(self._load(url))
            task.add_done_callback(lambda done: self._forget(url, done))
        return await asyncio.shield(task)

    def _forget(self, url: str, task: asyncio.Task[Package]) -> None:
        self._running.pop(url, None)
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        """End the fetches that are under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, url: str) -> Package:
        kept = self._kept.get(url)
        self._fetches += 1
        answer = await self._answer(url, kept.etag if kept else "")
        if answer.status == _NOT_MODIFIED and kept:
            self._kept.move_to_end(url)
            return kept.package
        body = _usable(url, answer)
        package = check_package(body, source=url, limit=self._unpacked_limit)
        self._keep(url, _Kept(package, answer.etag, len(body)))
        return package

    async def _answer(self, url: str, etag: str) -> Fetched:
        try:
            return await self._fetch(url, etag)
        except TransportError as error:
            raise PackageUnreachable("PackageUnreachable", f"{url}: {error}.", remedy="It is tried again.") from error

    def _keep(self, url: str, kept: _Kept) -> None:
        self._kept[url] = kept
        self._kept.move_to_end(url)
        while len(self._kept) > 1 and sum(each.size for each in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)


def _usable(url: str, answer: Fetched) -> bytes:
    if answer.status in _RETRY:
        raise PackageUnreachable("PackageUnreachable", f"{url} was answered with {answer.status}.", remedy="It is tried again.")
    if answer.status != _OK:
        raise GuestError("PackageNotFound", f"{url} was answered with {answer.status}.", remedy="Correct packageURL.")
    if answer.body is None:
        remedy = "Make the package smaller, or raise KDASYNC_PACKAGE_LIMIT."
        raise GuestError("PackageTooLarge", f"{url} is larger than the limit.", remedy=remedy)
    return answer.body
