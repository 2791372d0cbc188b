"""`metadata.managedFields`: who wrote which field, kept on every write as the real server does.

Why: server-side apply decides conflicts by it, and an update or patch must hand ownership over. Source: apiserver
`util/managedfields` and structured-merge-diff `merge.Updater`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster import fieldset
from kdasync.devcluster.fieldset import Path
from kdasync.devcluster.plane import Call
from kdasync.devcluster.shape import Shape

Json = dict[str, Any]

MANAGER_LIMIT = 128
UPDATERS_LIMIT = 10  # older ones are merged, as kube-apiserver does
ANCIENT = "ancient-changes"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A manager: who, how, through which version and subresource."""

    manager: str
    operation: str
    version: str
    subresource: str = ""


class Claim(msgspec.Struct, frozen=True):
    """What an owner has, and since when."""

    paths: frozenset[Path]
    time: str


Claims = dict[Owner, Claim]


def shape_of(call: Call) -> Shape:
    """The merge rules of the call's kind."""
    return call.plane.shape(call.resource)


def manager_of(call: Call) -> str:
    """The field manager: the parameter, else the first word of the user agent."""
    name = call.params.get("fieldManager") or call.headers.get("user-agent", "").partition("/")[0] or "unknown"
    return name[:MANAGER_LIMIT]


def owner_of(call: Call, operation: str) -> Owner:
    """The owner that this call writes as."""
    return Owner(
        manager=manager_of(call),
        operation=operation,
        version=call.resource.api_version,
        subresource=call.subresource,
    )


def load(value: Json) -> Claims:
    """The claims stored in an object."""
    found: Claims = {}
    for item in value["metadata"].get("managedFields") or []:
        owner = Owner(
            manager=item.get("manager", ""),
            operation=item.get("operation", ""),
            version=item.get("apiVersion", ""),
            subresource=item.get("subresource", ""),
        )
        paths = frozenset(fieldset.parse(item.get("fieldsV1") or {}))
        found[owner] = Claim(paths, item.get("time", ""))
    return found


def store(value: Json, claims: Claims) -> None:
    """Write the claims into an object."""
    kept = {owner: claim for owner, claim in claims.items() if claim.paths}
    if not kept:
        value["metadata"].pop("managedFields", None)
        return
    order = sorted(kept, key=lambda owner: (owner.operation, kept[owner].time, owner.manager, owner.version, owner.subresource))
    value["metadata"]["managedFields"] = [_entry(owner, kept[owner]) for owner in order]


def _entry(owner: Owner, claim: Claim) -> Json:
    entry: Json = {"manager": owner.manager, "operation": owner.operation, "apiVersion": owner.version}
    entry |= {"time": claim.time, "fieldsType": "FieldsV1", "fieldsV1": fieldset.render(claim.paths)}
    return {**entry, "subresource": owner.subresource} if owner.subresource else entry


def record(call: Call, value: Json, *, old: Json | None, cleared: bool = False) -> None:
    """Note an update or create by the call's manager in `value`."""
    shape = shape_of(call)
    changed = [key for key in {**(old or {}), **value} if old is None or value.get(key) != old.get(key)]
    new_fields = _ours(call, fieldset.flatten(_part(value, changed), shape))
    old_fields = _ours(call, fieldset.flatten(_part(old or {}, changed), shape))
    gone = old_fields.keys() - new_fields.keys()
    missing = object()
    touched = {path for path, item in new_fields.items() if (found := old_fields.get(path, missing)) is missing or found != item}
    if old is not None and not touched and not gone and not cleared:
        value["metadata"]["managedFields"] = old["metadata"].get("managedFields") or []
        if not value["metadata"]["managedFields"]:
            del value["metadata"]["managedFields"]
        return
    if cleared:
        value["metadata"].pop("managedFields", None)
        return
    claims = {} if old is None else load(old)
    store(value, handed_over(claims, owner_of(call, "Update"), touched=touched, gone=gone, now=call.plane.environment.timestamp()))


def _part(value: Json, keys: list[str]) -> Json:
    return {key: value[key] for key in keys if key in value}


def _ours(call: Call, fields: dict[Path, Any]) -> dict[Path, Any]:
    """What this endpoint may write: the status subresource only status, the main one everything else."""
    if call.subresource == "status":
        return {path: item for path, item in fields.items() if path[0] == "f:status"}
    if call.resource.has_status:
        return {path: item for path, item in fields.items() if path[0] != "f:status"}
    return fields


def handed_over(claims: Claims, owner: Owner, *, touched: set[Path], gone: set[Path], now: str) -> Claims:
    """The claims after `owner` wrote `touched` and `gone` vanished."""
    result: Claims = {}
    for other, claim in claims.items():
        left = claim.paths - gone - (frozenset() if other == owner else touched)
        result[other] = Claim(left, claim.time)
    own = result.get(owner, Claim(frozenset(), now))
    paths = own.paths | touched
    if paths != (claims[owner].paths if owner in claims else None):
        result[owner] = Claim(paths, now)
    return _bounded(result)


def _bounded(claims: Claims) -> Claims:
    updaters = sorted((owner for owner in claims if owner.operation == "Update"), key=lambda owner: claims[owner].time)
    surplus = updaters[: max(0, len(updaters) - UPDATERS_LIMIT)]
    if not surplus:
        return claims
    oldest = [owner for owner in surplus if not owner.subresource]
    merged = frozenset(path for owner in oldest for path in claims[owner].paths)
    result = {owner: claim for owner, claim in claims.items() if owner not in oldest}
    if oldest:
        version = oldest[-1].version
        result[Owner(manager=ANCIENT, operation="Update", version=version)] = Claim(merged, claims[oldest[-1]].time)
    return result


def same(value: Json, old: Json) -> bool:
    """True if nothing but times of managed fields differ."""
    if value == old:
        return True
    rest = {key: item for key, item in value.items() if key != "metadata"}
    if rest != {key: item for key, item in old.items() if key != "metadata"}:
        return False
    return _timeless(value["metadata"]) == _timeless(old["metadata"])


def _timeless(meta: Json) -> Json:
    managed = [{**item, "time": ""} for item in meta.get("managedFields") or []]
    return {**meta, "managedFields": managed}
