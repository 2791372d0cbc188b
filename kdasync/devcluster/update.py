"""PUT, and the common end of every PATCH: replace an object under optimistic concurrency.

Flow: read, change, system fields and status isolation, admission, generation, validation, compare, storage.
Guarantees: a write that changes nothing is not stored and wakes no watcher; the object is removed by the write that takes the last
finalizer of a deleted object away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kdasync.devcluster import admit, managed, objects
from kdasync.devcluster.decoding import decode_object, field_causes
from kdasync.devcluster.kinds import strategy_of
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Cause, Failure, bad_request, conflict, invalid, modified, not_found
from kdasync.devcluster.storage import Entry

Json = dict[str, Any]
Mutate = Callable[[Json], Json]

_ASIDE = frozenset({"metadata", "status", "apiVersion", "kind"})  # no part of the wish
RETRIES = 5  # a patch without resourceVersion that lost a race during admission is applied again


async def update(call: Call) -> Json:
    """The object as stored."""
    value = objects.document(call)
    named = value["metadata"].get("name")
    if not named:
        based = f"the name of the object ({call.name} based on URL) was undeterminable: name must be provided"
        raise bad_request(based if call.resource.custom else "the name of the object must be set")
    if named != call.name:
        raise bad_request(f"the name of the object ({named}) does not match the name on the URL ({call.name})")
    decode_object(call, value)
    _demand_version(call, value)
    return await write(call, lambda _: value)


def _demand_version(call: Call, value: Json) -> None:
    meta = value["metadata"]
    if meta.get("resourceVersion") or strategy_of(call.resource).unconditional:
        return
    if call.stored() is None:
        raise not_found(call.resource, call.name)
    cause = Cause("FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion")
    raise invalid(call.resource, call.name, [cause], kind=call.resource.plural)


async def write(call: Call, mutate: Mutate, *, applied: Any = None) -> Json:
    """Change the stored object by `mutate`, which gets a private copy; `applied` is its new managed fields (apply)."""
    for attempt in range(RETRIES):
        entry = call.stored()
        if entry is None:
            raise not_found(call.resource, call.name)
        value = mutate(entry.copy())
        check_version(call, value, entry)
        value = await _prepare(call, value, entry, applied)
        current = call.stored()
        if current is entry:
            return _store(call, value, entry)
        if call.verb == "PUT" or attempt == RETRIES - 1:
            break
    raise modified(call.resource, call.name)


def check_version(call: Call, value: Json, entry: Entry) -> None:
    """Refuse another UID or resourceVersion than the stored one.

    Raises:
        Failure: 409.
    """
    meta = value["metadata"]
    uid = meta.get("uid")
    if uid and uid != entry.uid and call.verb == "PATCH":
        cause = Cause("FieldValueInvalid", f'Invalid value: "{uid}": field is immutable', "metadata.uid")
        raise invalid(call.resource, call.name, [cause])
    if uid and uid != entry.uid:
        key = f"/registry/{call.resource.shelf.lstrip('/')}/{call.namespace}/{call.name}".replace("//", "/")
        text = (
            f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {entry.uid}"
        )
        raise conflict(call.resource, call.name, text)
    version = meta.get("resourceVersion")
    if version and not str(version).isdigit():
        raise Failure(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version not in {None, "", str(entry.version)}:
        raise modified(call.resource, call.name)


async def _prepare(call: Call, value: Json, entry: Entry, applied: Any) -> Json:
    old = entry.object
    before = value["metadata"].get("managedFields")
    _system_fields(value, old)
    value = _isolate(call, value, old)
    if applied is not None:
        managed.store(value, applied(value))
    else:
        managed.record(call, value, old=entry.object, cleared=before in ([], [{}]))
    value = await admit.mutate(call, value, old=old)
    value = _isolate(call, value, old)
    strategy = strategy_of(call.resource)
    if not call.subresource:
        strategy.update(call.plane, value, old)
    if strategy.generation and not call.subresource and _counted(call, value) != _counted(call, old):
        value["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    _check(call, value, old)
    await admit.validate(call, value, old=old)
    return value


def _system_fields(value: Json, old: Json) -> None:
    meta, before = value["metadata"], old["metadata"]
    for field in (*objects.SYSTEM_FIELDS, "generateName"):
        if field in before:
            meta[field] = before[field]
        elif field != "generateName":
            meta.pop(field, None)
    meta["name"] = before["name"]
    objects.clean(meta)
    meta["resourceVersion"] = before["resourceVersion"]


def _isolate(call: Call, value: Json, old: Json) -> Json:
    """Keep spec from status writes and status from spec writes."""
    if call.subresource == "status":
        kept = {**old, "metadata": _status_metadata(call, value, old)}
        kept.pop("status", None)
        return {**kept, "status": value["status"]} if "status" in value else kept
    if call.resource.has_status:
        kept = {key: item for key, item in value.items() if key != "status"}
        return {**kept, "status": old["status"]} if "status" in old else kept
    return value


def _status_metadata(call: Call, value: Json, old: Json) -> Json:
    meta, before = value["metadata"], old["metadata"]
    if call.resource.custom:
        meta = {**before}
        if "managedFields" in value["metadata"]:
            meta["managedFields"] = value["metadata"]["managedFields"]
        return meta
    return {**meta, **{key: before[key] for key in ("ownerReferences", "finalizers") if key in before}}


def _counted(call: Call, value: Json) -> Json:
    aside = {"metadata", "apiVersion", "kind"} if call.resource.custom and not call.resource.has_status else _ASIDE
    return {key: item for key, item in value.items() if key not in aside}


def _check(call: Call, value: Json, old: Json) -> None:
    meta = value["metadata"]
    causes = [*objects.label_causes(meta), *objects.owner_causes(meta)]
    if old["metadata"].get("deletionTimestamp"):
        causes += _new_finalizers(meta, old["metadata"])
    if meta.get("finalizers") != old["metadata"].get("finalizers"):
        causes += objects.finalizer_causes(call, meta)
    causes += field_causes(call, value, old=old)
    if call.subresource in {"", "status"}:
        causes += strategy_of(call.resource).validate(value, old)
    if causes:
        raise invalid(call.resource, call.name, causes)


def _new_finalizers(meta: Json, before: Json) -> list[Cause]:
    extra = [item for item in meta.get("finalizers") or [] if item not in (before.get("finalizers") or [])]
    if not extra:
        return []
    shown = ", ".join(f'"{item}"' for item in extra)
    text = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}"
    return [Cause("FieldValueForbidden", text, "metadata.finalizers")]


def _store(call: Call, value: Json, entry: Entry) -> Json:
    if call.dry_run:
        return value
    if managed.same(value, entry.object):
        return entry.object
    meta = value["metadata"]
    strategy = strategy_of(call.resource)
    gone = meta.get("deletionTimestamp") and not meta.get("finalizers") and not meta.get("deletionGracePeriodSeconds")
    if gone and not call.subresource and not spec_finalizers(value):
        call.storage.remove(call.resource.shelf, *entry.key)
        strategy.removed(call.plane, value)
        return value
    stored = call.storage.put(call.resource.shelf, value)
    strategy.written(call.plane, stored.object, entry.object)
    return stored.object


def spec_finalizers(value: Json) -> bool:
    """True for a namespace that its controller has not emptied yet."""
    return value.get("kind") == "Namespace" and bool((value.get("spec") or {}).get("finalizers"))
