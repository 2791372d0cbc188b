"""Which handler a method on a target means, and how its result is presented."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster import answers, create, delete, eviction, options, patching, read, scale, streams, table, tokens, update
from kdasync.devcluster.answers import Answer, Streaming
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import JSON_HEADERS, bad_request, method_not_allowed, not_found, not_implemented, unsupported
from kdasync.devcluster.storage import Entry
from kdasync.devcluster.views import encoded, present
from kdasync.devcluster.watch import Watch
from kdasync.kube.transport import Response

Json = dict[str, Any]

_STREAMS = frozenset({"exec", "attach", "portforward", "log", "proxy"})


async def dispatch(call: Call) -> Answer:
    """The answer of a routed request.

    Raises:
        Failure: any refusal.
    """
    options.check(call)
    if call.subresource in _STREAMS:
        return await streams.open_stream(call)
    if call.subresource in {"eviction", "token"}:
        return await _action(call)
    if call.subresource == "scale":
        return await _scale(call)
    if not call.name:
        return await _collection(call)
    return await _object(call)


async def _action(call: Call) -> Answer:
    if call.verb != "POST":
        raise method_not_allowed(call.verb)
    if call.subresource == "eviction":
        return shown(call, await eviction.evict(call), 201)
    return shown(call, tokens.issue(call), 201)


async def _scale(call: Call) -> Answer:
    if call.verb == "GET":
        return shown(call, scale.get(call))
    if call.verb in {"PUT", "PATCH"}:
        return shown(call, await scale.change(call))
    raise method_not_allowed(call.verb)


async def _collection(call: Call) -> Answer:
    if call.verb == "POST":
        return shown(call, await create.create(call), 201)
    if call.verb == "DELETE":
        return shown(call, await delete.delete_collection(call))
    if call.verb == "PATCH":
        raise bad_request("name must be provided")
    if call.verb != "GET":
        raise method_not_allowed(call.verb)
    if call.params.flag("watch"):
        return _watch(call)
    found = read.page(call)
    style = table.wanted(call)
    body = table.render(call, found.entries, meta=found.metadata(), version=style) if style else read.list_bytes(call, found)
    return _bytes(call, body)


async def _object(call: Call) -> Answer:
    if call.verb == "GET":
        return _entry(call, read.get(call))
    if call.verb == "PUT":
        if call.stored() is None and call.subresource == "":
            raise not_found(call.resource, call.name)
        return shown(call, await update.update(call))
    if call.verb == "PATCH":
        value, created = await patching.patch(call)
        return shown(call, value, 201 if created else 200)
    if call.verb == "DELETE" and not call.subresource:
        return shown(call, await delete.delete(call))
    if call.resource.custom and call.verb in {"DELETE", "POST"}:
        raise unsupported(call.resource, "delete" if call.verb == "DELETE" else "create")
    if call.verb == "DELETE":
        raise not_implemented(f"DELETE of the subresource {call.subresource}.")
    raise method_not_allowed(call.verb)


def _watch(call: Call) -> Streaming:
    style = table.wanted(call)
    if style:
        return Streaming(Watch(call, table.events(call, style)))
    return Streaming(Watch(call))


def _bytes(call: Call, body: bytes, status: int = 200) -> Response:
    return warned(call, Response(status, dict(JSON_HEADERS), body))


def warned(call: Call, answer: Response) -> Response:
    """The answer with the call's warnings."""
    if not call.warnings:
        return answer
    warning = ", ".join(f"299 - {msgspec.json.encode(text).decode()}" for text in call.warnings)
    return Response(answer.status, {**answer.headers, "warning": warning}, answer.body)


def _entry(call: Call, entry: Entry) -> Response:
    style = table.wanted(call)
    if style:
        return _bytes(call, table.render(call, [entry], meta={}, version=style))
    return _bytes(call, encoded(call.resource, entry) + b"\n")


def shown(call: Call, value: Json, status: int = 200) -> Response:
    """An object as answer of a write."""
    if value.get("kind") not in {"Status", "Scale", "TokenRequest"} and "items" not in value:
        value = present(call.resource, value)
        style = table.wanted(call)
        if style:
            entry = Entry((call.namespace, value["metadata"]["name"]), 0, b"", value)
            return _bytes(call, table.render(call, [entry], meta={}, version=style), status)
    return _bytes(call, answers.encode(value), status)
