"""Documents over a transport: what controllers and node send to the API server, and how they hear of changes.

Why not `kube.client`: that one reads the operator's structs; here every field must survive, known to us or not, and a failed
call is simply decided again, so there is no retry policy to share.

Guarantees: a call is sent once and ends within `TIMEOUT`; what `perform` treats as done is done: created or there already, deleted or
gone. `follow` never ends and never raises but on cancellation; after a gap that cannot be bridged it begins with a new list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kdasync.devcluster.controllers.calls import Call, Create, Delete, Document, Kind, Patch, path_of
from kdasync.errors import AlreadyExists, ApiError, Conflict, Gone, NotFound, TransportError
from kdasync.kube.flow import Flow
from kdasync.kube.status import failure, succeeded
from kdasync.kube.transport import Query, Request, Transport

TIMEOUT = 30.0
_SILENCE = 330.0  # longer than any watch lasts
_PAUSE = 1.0  # after a failed list or watch
_JSON = "application/json"
_MERGE = "application/merge-patch+json"

_decode = msgspec.json.Decoder(Document).decode


class Wire:
    """One identity's way to the API server."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def send(self, method: str, path: str, body: Any = None, *, media: str = _JSON, query: Query = ()) -> Document:
        """One request.

        Raises:
            ApiError: refused.
            TransportError: no answer.
        """
        data = b"" if body is None else msgspec.json.encode(body)
        headers = {"content-type": media, "user-agent": "kdasync-devcluster"}
        response = await self.transport.request(Request(method, path, query, headers, data), timeout=TIMEOUT)
        if not succeeded(response):
            raise failure(response)
        return _decode(response.body)

    async def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """The object, None if there is none."""
        try:
            return await self.send("GET", path_of(kind, namespace, name))
        except NotFound:
            return None

    async def list(self, kind: Kind) -> tuple[list[Document], str]:
        """All objects with the resourceVersion of the list."""
        answer = await self.send("GET", path_of(kind))
        items = answer.get("items") or []
        return [{"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in items], answer["metadata"][
            "resourceVersion"
        ]

    async def perform(self, call: Call) -> Document | None:
        """Do it; the object as it is now, or None if there is nothing to show.

        Raises:
            Conflict: the object is another one by now, or changed meanwhile; decide again.
            ApiError, TransportError: as `send`.
        """
        match call:
            case Create(kind, body):
                return await self._create(kind, body)
            case Patch(kind, key, body, subresource):
                return await self._forgiving("PATCH", path_of(kind, *key, subresource), body, media=_MERGE)
            case Delete(kind, key, _, _, _):
                return await self._delete(path_of(kind, *key), call)

    async def _create(self, kind: Kind, body: Document) -> Document | None:
        meta = body["metadata"]
        try:
            return await self.send("POST", path_of(kind, meta.get("namespace", "")), body)
        except AlreadyExists:
            return await self.get(kind, meta.get("namespace", ""), meta["name"])

    async def _delete(self, path: str, call: Delete) -> Document | None:
        options: Document = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": call.uid}}
        if call.grace is not None:
            options["gracePeriodSeconds"] = call.grace
        if call.propagation:
            options["propagationPolicy"] = call.propagation
        try:
            answer = await self._forgiving("DELETE", path, options)
        except Conflict:  # the name belongs to another object by now, so ours is gone
            return None
        return answer if answer is not None and answer.get("kind") != "Status" else None

    async def _forgiving(self, method: str, path: str, body: Document, *, media: str = _JSON) -> Document | None:
        try:
            return await self.send(method, path, body, media=media)
        except NotFound:
            return None


class Watched(msgspec.Struct, frozen=True):
    """A piece of news: `replace` carries a whole list, else `items` changed, and are gone if `gone`."""

    items: list[Document]
    replace: bool = False
    gone: bool = False


async def follow(wire: Wire, kind: Kind, *, tell: Callable[[Watched], None], sleep: Callable[[float], Awaitable[None]]) -> None:
    """List, then watch, for ever; every piece of news goes to `tell`."""
    version = ""
    while True:
        try:
            if not version:
                items, version = await wire.list(kind)
                tell(Watched(items, replace=True))
            version = await _watch(wire, kind, version, tell)
        except Gone:
            version = ""
        except (ApiError, TransportError):
            await sleep(_PAUSE)


async def _watch(wire: Wire, kind: Kind, version: str, tell: Callable[[Watched], None]) -> str:
    """Read one connection to its end; the last resourceVersion seen."""
    flow = Flow(wire.transport)
    query = (("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version))
    try:
        await flow.open(Request("GET", path_of(kind), query), connect_timeout=TIMEOUT, idle_timeout=_SILENCE)
        while (lines := await flow.lines()) is not None:
            for line in lines:
                version = _read(_decode(line), version, tell)
    except TransportError:
        await flow.close()
        return version
    finally:
        await flow.close()
    return version


def _read(event: Document, version: str, tell: Callable[[Watched], None]) -> str:
    found = event["object"]
    if event["type"] == "ERROR":
        raise Gone(found.get("code", 410), found.get("reason", "Expired"), found.get("message", ""))
    if event["type"] != "BOOKMARK":
        tell(Watched([found], gone=event["type"] == "DELETED"))
    return str(found["metadata"].get("resourceVersion", version))
