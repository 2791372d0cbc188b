"""Tables: how `kubectl get` shows a kind. The server renders, so that kubectl needs to know nothing of our kinds.

Source: apiextensions-apiserver `tableconvertor`, kubernetes `pkg/printers/internalversion`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.devcluster import age, columns, jsonpath
from kdasync.devcluster.columns import Column
from kdasync.devcluster.plane import Call
from kdasync.devcluster.resources import Resource
from kdasync.devcluster.status import not_acceptable
from kdasync.devcluster.storage import Entry
from kdasync.devcluster.views import present

Json = dict[str, Any]

_VERSION = re.compile(r"v=(v1(?:beta1)?)(?:;|$)")


def wanted(call: Call) -> str:
    """The version of the Table asked for, "" if none is."""
    accept = call.headers.get("accept", "")
    for choice in accept.split(","):
        if "as=Table" in choice and "g=meta.k8s.io" in choice:
            found = _VERSION.search(choice)
            if found:
                return found[1]
        if choice.strip() in {"application/json", "*/*"}:
            return ""
    if accept and all("as=Table" in choice for choice in accept.split(",")):
        raise not_acceptable()
    return ""


def render(call: Call, entries: list[Entry], *, meta: Json, version: str, events: bool = False) -> bytes:
    """The Table of these objects; for `events` with the object's resourceVersion as the table's."""
    shown = columns_of(call.resource)
    include = call.params.get("includeObject") or "Metadata"
    now = call.plane.environment.clock()
    rows = [_row(call.resource, entry, shown, include, now) for entry in entries]
    if len(entries) == 1 and (events or not meta):
        meta = {"resourceVersion": entries[0].object["metadata"].get("resourceVersion", "")}
    table = {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": meta,
        "columnDefinitions": [column.definition() for column in shown],
        "rows": rows,
    }
    return msgspec.json.encode(table) + b"\n"


def events(call: Call, version: str) -> Callable[[Entry], bytes]:
    """Renders the objects of a watch; only the first event tells the columns."""
    told = False

    def show(entry: Entry) -> bytes:
        nonlocal told
        body = render(call, [entry], meta={}, version=version, events=True)
        if not told:
            told = True
            return body
        return msgspec.json.encode({**msgspec.json.decode(body), "columnDefinitions": None})

    return show


def columns_of(resource: Resource) -> tuple[Column, ...]:
    """The columns of a kind."""
    if resource.custom:
        return (columns.NAME, *(_custom(item) for item in resource.columns)) if resource.columns else (columns.NAME, columns.AGE)
    return columns.BUILTIN.get(resource.shelf, (columns.NAME, columns.AGE))


def _custom(item: Json) -> Column:
    return Column(
        item["name"],
        lambda value, now: _cell(value, item, now),
        kind=item.get("type", "string"),
        format=item.get("format", ""),
        priority=item.get("priority", 0),
        description=item.get("description", f"Custom resource definition column (in JSONPath format): {item['jsonPath']}"),
    )


def _cell(value: Json, item: Json, now: float) -> Any:
    found = jsonpath.find(value, item["jsonPath"])
    kind = item.get("type", "string")
    if not found or found[0] is None:
        return None
    first = found[0]
    if kind == "date":
        return age.since(first, now)
    if kind in {"integer", "number", "boolean"}:
        fits = isinstance(first, bool) if kind == "boolean" else isinstance(first, int | float)
        return first if fits else None
    return ",".join(_text(part) for part in found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _row(resource: Resource, entry: Entry, shown: tuple[Column, ...], include: str, now: float) -> Json:
    value = entry.object
    row: Json = {"cells": [column.cell(value, now) for column in shown], "object": None}
    if include == "Object":
        row["object"] = present(resource, value)
    elif include != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}
    return row
