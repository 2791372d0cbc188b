"""Watch: changes as newline-separated JSON events, with bookmarks, initial events and time-out.

Guarantees: events in revision order; an object that starts or stops matching the selector arrives as ADDED or DELETED; a start
revision older than the history is one ERROR event with a 410 Status, as kube-apiserver answers. Source: API concepts page,
"Efficient detection of changes", and KEP-3157 for `sendInitialEvents`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.devcluster.plane import Call
from kdasync.devcluster.query import Selection
from kdasync.devcluster.read import check_version
from kdasync.devcluster.status import Cause, Failure, expired, invalid
from kdasync.devcluster.storage import Change, Entry, Expired, Feed
from kdasync.devcluster.views import encoded

Json = dict[str, Any]
Render = Callable[[Entry], bytes]

_TICK = 0.001  # a timer may fire this much early: virtual time would stand still waiting for the rest
BOOKMARK_SECONDS = 60.0
DEFAULT_SECONDS = 1800.0  # kube-apiserver: between one and two times --min-request-timeout
LAST_BOOKMARK_SECONDS = 2.0
_ONLY = 'supported values: "NotOlderThan"'
INITIAL_END = "k8s.io/initial-events-end"


class Watch:
    """One watch as an async iterator of chunks. Close it when done."""

    def __init__(self, call: Call, render: Render | None = None) -> None:
        self._call = call
        self._selection = Selection(call)
        self._render = render or (lambda entry: encoded(call.resource, entry))
        self._loop = asyncio.get_running_loop()
        seconds = call.params.number("timeoutSeconds")
        self._end = self._loop.time() + (float(seconds) if seconds else self._default())
        self._bookmarks = call.params.flag("allowWatchBookmarks")
        self._next_bookmark = self._bookmark_after(self._loop.time())
        self._first: list[bytes] = []
        self._done = False
        self._feed = self._open()

    def _bookmark_after(self, now: float) -> float:
        """Each minute, and once more shortly before the end."""
        last = self._end - LAST_BOOKMARK_SECONDS
        return min(now + BOOKMARK_SECONDS, last if last > now + _TICK else self._end + BOOKMARK_SECONDS)

    def _default(self) -> float:
        return DEFAULT_SECONDS * (1 + self._call.plane.environment.random.random())

    def _open(self) -> Feed | None:
        call = self._call
        shelf, namespace = call.resource.shelf, call.namespace or None
        text = call.params.get("resourceVersion")
        initial = _initial(call)
        wanted = initial if initial is not None else text in {"", "0"}
        if wanted:
            entries = [entry for entry in call.storage.list(shelf, namespace) if self._selection(entry.object)]
            self._first = [self._line("ADDED", self._render(entry)) for entry in entries]
            if initial and self._bookmarks:
                self._first.append(self._bookmark(initial_end=True))
            return call.storage.feed(shelf, namespace=namespace)
        if text not in {"", "0"} and not text.isdigit():
            raise Failure(500, "", f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
        since = call.params.number("resourceVersion") if text not in {"", "0"} else call.storage.version
        try:
            return call.storage.feed(shelf, namespace=namespace, since=since)
        except Expired as error:
            failure = expired(f"too old resource version: {since} ({error.oldest})")
            self._first = [self._line("ERROR", msgspec.json.encode(failure.status()))]
            return None

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> bytes:
        """The next chunk: all events that are ready."""
        if self._first:
            chunk = b"".join(self._first)
            self._first = []
            return chunk
        while self._feed is not None and not self._done:
            lines = [line for change in self._feed.take() if (line := self._event(change))]
            if lines:
                return b"".join(lines)
            now = self._loop.time() + _TICK
            if now >= self._end:
                break
            if self._bookmarks and now >= self._next_bookmark:
                self._next_bookmark = self._bookmark_after(now)
                return self._bookmark()
            await self._feed.wait(min(self._end, self._next_bookmark) if self._bookmarks else self._end)
        self.close()
        raise StopAsyncIteration

    def close(self) -> None:
        """Stop watching."""
        self._done = True
        if self._feed is not None:
            self._feed.close()

    def _event(self, change: Change) -> bytes | None:
        entry, previous = change.entry, change.previous
        kind = change.kind
        if not self._selection.everything:
            now = kind != "DELETED" and self._selection(entry.object)
            before = previous is not None and self._selection(previous.object)
            if not now and not before:
                return None
            kind = "MODIFIED" if now and before else "ADDED" if now else "DELETED"
            if kind == "DELETED" and change.kind != "DELETED" and previous is not None:
                entry = _at(previous, entry.version)
        return self._line(kind, self._render(entry))

    @staticmethod
    def _line(kind: str, data: bytes) -> bytes:
        return b"".join((b'{"type":"', kind.encode(), b'","object":', data.rstrip(b"\n"), b"}\n"))

    def _bookmark(self, *, initial_end: bool = False) -> bytes:
        meta: Json = {"resourceVersion": str(self._call.storage.version)}
        if initial_end:
            meta["annotations"] = {INITIAL_END: "true"}
        resource = self._call.resource
        shown = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        return self._line("BOOKMARK", msgspec.json.encode(shown))


def _at(entry: Entry, version: int) -> Entry:
    value = {**entry.object, "metadata": {**entry.object["metadata"], "resourceVersion": str(version)}}
    return Entry(entry.key, version, msgspec.json.encode(value), value)


def _initial(call: Call) -> bool | None:
    """`sendInitialEvents`, checked.

    Raises:
        Failure: 422.
    """
    match = call.params.get("resourceVersionMatch")
    if not call.params.has("sendInitialEvents"):
        if match:
            raise _refuse(
                call, "resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            )
        return None
    if match != "NotOlderThan":
        other = (
            [] if not match else [Cause("FieldValueNotSupported", f'Unsupported value: "{match}": {_ONLY}', "resourceVersionMatch")]
        )
        raise _refuse(
            call, "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan", *other
        )
    wanted = call.params.flag("sendInitialEvents")
    check_version(call)
    return wanted


def _refuse(call: Call, field: str, text: str, *others: Cause) -> Failure:
    cause = Cause("FieldValueForbidden", f"Forbidden: {text}", field)
    return invalid(call.resource, "", [cause, *others], group="meta.k8s.io", kind="ListOptions")
