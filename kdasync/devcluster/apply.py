"""Server-side apply: merge an applied configuration, with ownership, conflicts and force.

Source: API concepts page "Server-Side Apply" and structured-merge-diff `merge.Updater.Apply`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from kdasync.devcluster import fieldset, managed, objects, typed
from kdasync.devcluster.create import insert
from kdasync.devcluster.decoding import decode_object
from kdasync.devcluster.fieldset import Path
from kdasync.devcluster.managed import Claim, Claims, Owner
from kdasync.devcluster.plane import Call
from kdasync.devcluster.shape import ATOMIC, SET, Shape, element
from kdasync.devcluster.status import Cause, Failure, bad_request, invalid, not_found
from kdasync.devcluster.update import write
from kdasync.devcluster.views import present

Json = dict[str, Any]

BEFORE = "before-first-apply"


async def apply(call: Call) -> tuple[Json, bool]:
    """(the object as stored, True if it was created)."""
    raw = objects.parse(call)
    objects.demand_kind(raw)
    config = objects.document(call)
    _check(call, config)
    typed.check(call, raw)
    owner = managed.owner_of(call, "Apply")
    if call.stored() is None:
        if call.subresource:
            raise not_found(call.resource, call.name)
        return await _create(call, config, owner), True
    return await _merge(call, config, owner), False


def _check(call: Call, config: Json) -> None:
    meta = config["metadata"]
    if not call.params.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid(call.resource, "", [cause], group="meta.k8s.io", kind="PatchOptions")
    if meta.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    named = meta.setdefault("name", call.name)
    if named != call.name:
        raise bad_request(f"the name of the object ({named}) does not match the name on the URL ({call.name})")


async def _create(call: Call, config: Json, owner: Owner) -> Json:
    if config["metadata"].get("uid"):
        name, uid = call.name, config["metadata"]["uid"]
        text = f'Operation cannot be fulfilled on {call.resource.qualified} "{name}": uid mismatch: the provided object specified uid {uid}, and no existing object was found'
        raise Failure(409, "Conflict", text, details={"name": name, "kind": call.resource.plural})
    config["metadata"].pop("resourceVersion", None)
    paths = frozenset(_own(call, config))
    return await insert(call, config, applied={owner: Claim(paths, call.plane.environment.timestamp())})


def _own(call: Call, config: Json) -> set[Path]:
    """What the configuration claims: not the other side of the status subresource."""
    paths = fieldset.applied(config, managed.shape_of(call))
    if call.subresource == "status":
        return {path for path in paths if path[0] == "f:status"}
    if call.resource.has_status:
        return {path for path in paths if path[0] != "f:status"}
    return paths


async def _merge(call: Call, config: Json, owner: Owner) -> Json:
    shape = managed.shape_of(call)
    own = _own(call, config)
    kept: list[Claims] = []

    def mutate(stored: Json) -> Json:
        live = present(call.resource, stored)
        claims = managed.load(live) or _unclaimed(call, live)
        result: Json = merged(live, config, shape)
        _clear(result, claims, owner, own, shape)
        result["metadata"]["managedFields"] = live["metadata"].get("managedFields") or []
        decode_object(call, result)
        kept[:] = [_claims(call, live, result, claims, owner, own)]
        return result

    def final(value: Json) -> Claims:
        left = fieldset.flatten(value, shape)
        return {key: Claim(_still(claim.paths, left, own=key == owner), claim.time) for key, claim in kept[0].items()}

    return await write(call, mutate, applied=final)


def _unclaimed(call: Call, live: Json) -> Claims:
    """Who has what nobody claimed so far."""
    fields = fieldset.flatten(live, managed.shape_of(call))
    owner = Owner(manager=BEFORE, operation="Update", version=call.resource.api_version)
    return {owner: Claim(frozenset(fields), call.plane.environment.timestamp())}


def _still(paths: frozenset[Path], left: dict[Path, Any], *, own: bool) -> frozenset[Path]:
    return paths if own else frozenset(path for path in paths if path in left)


def _claims(call: Call, live: Json, result: Json, claims: Claims, owner: Owner, own: set[Path]) -> Claims:
    shape = managed.shape_of(call)
    before, after = fieldset.flatten(live, shape), fieldset.flatten(result, shape)
    changed = {path for path, item in after.items() if path not in before or before[path] != item} & own
    conflicts = {other: claim.paths & changed for other, claim in claims.items() if other != owner and claim.paths & changed}
    if conflicts and not call.params.flag("force"):
        raise _conflict(conflicts)
    kept = {other: Claim(claim.paths - conflicts.get(other, frozenset()), claim.time) for other, claim in claims.items()}
    if owner not in claims or claims[owner].paths != own:
        kept[owner] = Claim(frozenset(own), call.plane.environment.timestamp())
    return kept


def _conflict(conflicts: dict[Owner, frozenset[Path]]) -> Failure:
    causes: list[Json] = []
    texts: list[str] = []
    grouped: dict[str, list[str]] = defaultdict(list)
    for owner in sorted(conflicts, key=lambda item: item.manager):
        sub = f' with subresource "{owner.subresource}"' if owner.subresource else ""
        using = f" using {owner.version}" if owner.operation == "Update" else ""
        for path in sorted(conflicts[owner]):
            message = f'"{owner.manager}"{sub}{using}'
            causes.append({"reason": "FieldManagerConflict", "message": f"conflict with {message}", "field": fieldset.shown(path)})
            grouped[message].append(fieldset.shown(path))
    causes.sort(key=lambda cause: str(cause["field"]))
    for message, fields in grouped.items():
        if len(causes) == 1:
            texts.append(f"conflict with {message}: {fields[0]}")
        else:
            texts.append(f"conflicts with {message}:\n" + "\n".join(f"- {field}" for field in fields))
    word = "conflict" if len(causes) == 1 else "conflicts"
    return Failure(409, "Conflict", f"Apply failed with {len(causes)} {word}: " + "\n".join(texts), details={"causes": causes})


def merged(live: Any, config: Any, shape: Shape) -> Any:
    """`live` with everything that `config` says."""
    if isinstance(config, dict) and isinstance(live, dict) and not shape.atomic:
        result = dict(live)
        for key, item in config.items():
            result[key] = merged(live.get(key), item, shape.child(key)) if key in live else item
        return result
    if isinstance(config, list) and isinstance(live, list) and shape.keys != ATOMIC:
        return _merged_list(live, config, shape)
    return config


def _merged_list(live: list[Any], config: list[Any], shape: Shape) -> list[Any]:
    wanted = {element(shape, item): item for item in config}
    result = []
    for item in live:
        name = element(shape, item)
        if name in wanted:
            item = item if shape.keys == SET else merged(item, wanted.pop(name), shape.item())  # noqa: PLW2901 - the merged item
            wanted.pop(name, None)
        result.append(item)
    return [*result, *wanted.values()]


def _clear(result: Json, claims: Claims, owner: Owner, own: set[Path], shape: Shape) -> None:
    """Remove what the owner applied before, no longer applies, and nobody else owns."""
    before = claims[owner].paths if owner in claims else frozenset()
    others = {path for other, claim in claims.items() if other != owner for path in claim.paths}
    needed = {path[:size] for path in others | own for size in range(1, len(path) + 1)}
    for path in sorted(before - own, key=len):  # an item goes before its members, which name it
        if path not in needed:
            _drop(result, path, shape)


def _drop(value: Any, path: Path, shape: Shape) -> None:
    head, rest = path[0], path[1:]
    if head.startswith("f:"):
        key = head[2:]
        if not isinstance(value, dict) or key not in value:
            return
        if rest:
            _drop(value[key], rest, shape.child(key))
        if not rest or value[key] in ({}, []):
            del value[key]
        return
    if not isinstance(value, list):
        return
    for index, item in enumerate(value):
        if element(shape, item) == head:
            if rest in {(f"f:{key}",) for key in shape.keys}:
                return  # the name of an item that somebody else still owns
            if rest:
                _drop(item, rest, shape.item())
            else:
                del value[index]
            return
