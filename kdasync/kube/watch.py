"""The list-watch: an endless flow of typed changes, as an explicit state machine in the style of kube-rs.

Why a machine: everything that goes wrong with a watch (expired versions, silent connections, servers that close at once) has one
visible arm here, and each arm says what comes next.

    Empty -- streaming list opened --> InitialWatch -- end of the initial events --> Watching
      |                                   '-- closed, cut, silent, error --> Empty
      '-- server cannot stream --> InitPage -- last page --> InitListed -- watch opened --> Watching
                                    '- next page -'              ^                             |
                                                                 '- closed, cut, silent, error -'
    any -- 410, as HTTP status or as an ERROR line --> Empty

Flow: `Init`, an `InitApply` per object, `InitDone`, then `Apply` and `Delete`; after a gap that cannot be bridged, `Init` again.
Objects that went missing during the gap are those without an `InitApply`; a `Delete` between `Init` and `InitDone` takes one back.

Guarantees: never ends and never raises but on cancellation; a connection that is silent longer than `settings.watch_silence` (the
server sends a bookmark each minute) counts as dead; no line is too long; after a failure, or a close before anything was
received, it waits with decorrelated back-off of 0.1 to 30 s; every failure, and every object that cannot be read, is reported
through `on_error`.

Assumptions: the caller closes the generator (`contextlib.aclosing`); closing cuts the connection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from kdasync.api.meta import Object
from kdasync.errors import ApiError, Gone, KdasyncError, ServerError
from kdasync.kube.backoff import Backoff
from kdasync.kube.change import Apply, Bookmark, Change, Delete, Deleted, Failed, Init, InitApply, InitDone, Line, Told, decoder
from kdasync.kube.client import Client
from kdasync.kube.flow import Flow
from kdasync.kube.resource import Resource
from kdasync.kube.status import status_error
from kdasync.kube.transport import Query, Request

T = TypeVar("T", bound=Object)
_CANNOT_STREAM = frozenset({400, 422, 501})
_PAGE = ("limit", "500")
_SHARE = 5 / 6  # of settings.watch_timeout is the shortest time asked for, so that watches do not all end together


class Empty(msgspec.Struct, frozen=True):
    """Nothing is known."""


class InitPage(msgspec.Struct, frozen=True):
    """A paged list is under way; `token` is empty before the first page."""

    token: str = ""


class InitialWatch(msgspec.Struct, frozen=True):
    """A streaming list is under way."""


class InitListed(msgspec.Struct, frozen=True):
    """Known up to `resource_version`; not connected."""

    resource_version: str


class Watching(msgspec.Struct, frozen=True):
    """Known up to `resource_version`, and connected."""

    resource_version: str


State = Empty | InitPage | InitialWatch | InitListed | Watching


def ignore(error: KdasyncError) -> None:
    """The error callback that does nothing."""


class Watcher(Generic[T]):
    """The machine for one resource and one selection.

    Args:
        client: its transport, settings and observer are used.
        resource: the kind.
        namespace: empty for all.
        label_selector: e.g. `kubedirector.hpe.com/kdcluster`.
        field_selector: e.g. `metadata.name=kd-global-config`.
        sleep: e.g. `asyncio.sleep`.
        random: numbers in [0, 1).
        on_error: told of every failure; the watcher goes on by itself.
        streaming: ask for a streaming list first.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource[T],
        *,
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        on_error: Callable[[KdasyncError], None] = ignore,
        streaming: bool = True,
    ) -> None:
        self.state: State = Empty()
        self._client = client
        self._resource = resource
        self._namespace = namespace
        selectors = (("labelSelector", label_selector), ("fieldSelector", field_selector))
        self._selectors: Query = tuple(pair for pair in selectors if pair[1])
        self._sleep = sleep
        self._random = random
        self._on_error = on_error
        self._streaming = streaming
        self._decoder = decoder(resource.type)
        self._flow = Flow(client.transport)
        self._backoff = Backoff(random)
        self._received = False
        self._failed: KdasyncError | None = None

    async def changes(self) -> AsyncGenerator[Change[T], None]:
        """The endless flow; close it with `contextlib.aclosing`."""
        try:
            while True:
                for change in await self.step():
                    yield change
        finally:
            await self._flow.close()

    async def step(self) -> list[Change[T]]:
        """One transition, or one chunk of a connection. A failure moves the machine back and waits."""
        try:
            return await self._advance()
        except KdasyncError as error:
            await self._flow.close()
            self.state = Empty() if isinstance(error, Gone) else _lost(self.state)
            self._on_error(error)
            asked = error.retry_after if isinstance(error, ApiError) else None
            await self._sleep(max(self._backoff.next(), asked or 0.0))
            return []

    async def _advance(self) -> list[Change[T]]:
        match self.state:
            case Empty():
                return await self._begin()
            case InitPage(token):
                return await self._page(token)
            case InitListed(version):
                await self._open((("resourceVersion", version),))
                self.state = Watching(version)
                return []
            case InitialWatch():
                return await self._read("")
            case Watching(version):
                return await self._read(version)

    async def _begin(self) -> list[Change[T]]:
        if self._streaming and await self._opened_stream():
            self.state = InitialWatch()
        else:
            self.state = InitPage()
        return [Init()]

    async def _opened_stream(self) -> bool:
        """Whether the server streams lists; one that does not is not asked again."""
        try:
            await self._open((("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")))
        except ApiError as error:
            if error.code not in _CANNOT_STREAM:
                raise
            self._streaming = False
            await self._flow.close()
        return self._streaming

    async def _page(self, token: str) -> list[Change[T]]:
        page = await self._client.page(self._resource, self._namespace, query=(_PAGE, *self._selectors), token=token)
        for sentence in page.broken:
            self._on_error(ServerError(502, "Undecodable", sentence))
        applied: list[Change[T]] = [InitApply(item) for item in page.items]
        if page.continue_:
            self.state = InitPage(page.continue_)
            return applied
        self.state = InitListed(page.resource_version)
        return [*applied, InitDone(page.resource_version)]

    async def _open(self, start: Query) -> None:
        seconds = self._client.settings.watch_timeout
        timeout = round(seconds * (_SHARE + (1 - _SHARE) * self._random()))
        query = (("watch", "true"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", str(timeout)), *self._selectors, *start)
        request = Request("GET", self._resource.collection_path(self._namespace), query)
        self._received = False
        await self._client.opened(
            "watch",
            self._resource.kind,
            self._flow.open(
                request,
                connect_timeout=self._client.settings.connect_timeout,
                idle_timeout=self._client.settings.watch_silence,
            ),
        )

    async def _read(self, version: str) -> list[Change[T]]:
        if self._failed is not None:
            error, self._failed = self._failed, None
            raise error
        lines = await self._flow.lines()
        if lines is None:
            await self._closed()
            return []
        return self._parse(lines, version)

    async def _closed(self) -> None:
        """The server ended the watch, which is normal; at once and without a word it is not."""
        await self._flow.close()
        self.state = _lost(self.state)
        if not self._received:
            await self._sleep(self._backoff.next())

    def _parse(self, lines: list[bytes], version: str) -> list[Change[T]]:
        """Changes up to the first ERROR line, which fails the next step, so that what came before it is not lost."""
        changes: list[Change[T]] = []
        for text in lines:
            line = self._decode(text)
            if line is None:
                continue
            if isinstance(line, Failed):
                self._failed = status_error(line.object)
                break
            self._received = True
            version = self._accept(line, changes) or version
        if self._received:
            self._backoff.reset()
        if isinstance(self.state, Watching):
            self.state = Watching(version)
        return changes

    def _decode(self, text: bytes) -> Line[T] | None:
        try:
            return self._decoder.decode(text)
        except msgspec.DecodeError as error:
            self._on_error(ServerError(502, "Undecodable", f"watch of {self._resource.kind}: {error}"))
            return None

    def _accept(self, line: Told[T], changes: list[Change[T]]) -> str:
        """Append what the line means; returns its resourceVersion."""
        if isinstance(line, Bookmark):
            if line.ends_initial and isinstance(self.state, InitialWatch):
                self.state = Watching(line.resource_version)
                changes.append(InitDone(line.resource_version))
            return line.resource_version
        if isinstance(line, Deleted):
            changes.append(Delete(line.object))
        elif isinstance(self.state, InitialWatch):
            changes.append(InitApply(line.object))
        else:
            changes.append(Apply(line.object))
        return line.object.metadata.resource_version


def _lost(state: State) -> State:
    """Where a machine is after its connection went: a list that was not complete is worth nothing."""
    return InitListed(state.resource_version) if isinstance(state, (InitListed, Watching)) else Empty()
