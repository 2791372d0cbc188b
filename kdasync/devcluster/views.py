"""One stored object seen under another group or version.

Why: Events are stored once and served as core/v1 and events.k8s.io/v1, as the real server does; custom resources without a
conversion webhook only change their apiVersion.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster.resources import Resource
from kdasync.devcluster.storage import Entry

Json = dict[str, Any]

_RENAMED = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
)


def _is_events_view(resource: Resource) -> bool:
    return resource.group == "events.k8s.io"


def present(resource: Resource, value: Json) -> Json:
    """The stored object as this resource shows it."""
    if _is_events_view(resource):
        return {**_renamed(value, forward=True), "apiVersion": resource.api_version}
    if resource.custom and value.get("apiVersion") != resource.api_version:
        return {**value, "apiVersion": resource.api_version}
    return value


def absorb(resource: Resource, value: Json) -> Json:
    """The object of a request as it is stored."""
    if _is_events_view(resource):
        return {**_renamed(value, forward=False), "apiVersion": "v1"}
    if resource.custom and resource.storage_version not in {"", resource.version}:
        return {**value, "apiVersion": f"{resource.group}/{resource.storage_version}"}
    return value


def _renamed(value: Json, *, forward: bool) -> Json:
    names = dict(_RENAMED) if forward else {new: old for old, new in _RENAMED}
    return {names.get(key, key): item for key, item in value.items()}


def listed(resource: Resource, entry: Entry) -> bytes:
    """The bytes of an entry as an item of a list: a list of a built-in kind leaves out what it says itself."""
    data = encoded(resource, entry)
    if resource.custom:
        return data
    for head in _heads(resource):
        if data.startswith(head):
            return b"{" + data[len(head) :]
    return msgspec.json.encode(bare(msgspec.json.decode(data, type=Json)))


def _heads(resource: Resource) -> tuple[bytes, bytes]:
    version, kind = f'"apiVersion":"{resource.api_version}",'.encode(), f'"kind":"{resource.kind}",'.encode()
    return b"{" + version + kind, b"{" + kind + version


def bare(value: Json) -> Json:
    """An object without its kind and version."""
    return {key: item for key, item in value.items() if key not in {"apiVersion", "kind"}}


def encoded(resource: Resource, entry: Entry) -> bytes:
    """The bytes of an entry as this resource shows it; the stored bytes where nothing differs."""
    if not resource.store and not resource.custom:
        return entry.data
    shown = present(resource, entry.object)
    return entry.data if shown is entry.object else msgspec.json.encode(shown)
