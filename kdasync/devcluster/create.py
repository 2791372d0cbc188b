"""POST: make an object.

Flow: decode, defaults and pruning, system fields, admission, strategy, validation, storage.
Guarantees: nothing is stored with dryRun=All or after a refusal; between the last check and the write nothing is awaited.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import admit, managed, objects
from kdasync.devcluster.decoding import decode_object, field_causes
from kdasync.devcluster.kinds import strategy_of
from kdasync.devcluster.plane import Call
from kdasync.devcluster.resources import NAMESPACES
from kdasync.devcluster.status import (
    Cause,
    Failure,
    already_exists,
    forbidden,
    invalid,
    method_not_allowed,
    not_found,
)

Json = dict[str, Any]


async def create(call: Call) -> Json:
    """The object as stored.

    Raises:
        Failure: whatever the real server would refuse.
    """
    if call.resource.namespaced and not call.namespace:
        raise method_not_allowed("POST")
    value = objects.document(call)
    return await insert(call, value)


async def insert(call: Call, value: Json, *, applied: Any = None) -> Json:
    """Store a decoded object; `applied` is the managed fields of a create by server-side apply."""
    decode_object(call, value)
    check_namespace(call, value["metadata"].get("name", ""))
    meta = value["metadata"]
    if meta.get("resourceVersion") and applied is None:
        raise Failure(500, "", "resourceVersion should not be set on objects to be created")
    _system_fields(call, value)
    strategy = strategy_of(call.resource)
    if call.resource.custom and call.resource.has_status:
        value.pop("status", None)
    if applied is None:
        managed.record(call, value, old=None)
    else:
        managed.store(value, applied)
    value = await admit.mutate(call, value, old=None)
    _identity(call, value)
    strategy.create(call.plane, value)
    if call.resource.custom and call.resource.has_status:
        value.pop("status", None)
    _check(call, value)
    await admit.validate(call, value, old=None)
    existing = call.storage.get(call.resource.shelf, call.namespace, value["metadata"]["name"])
    if existing:
        going = bool(existing.object["metadata"].get("deletionTimestamp"))
        raise already_exists(call.resource, value["metadata"]["name"], going=going)
    if call.dry_run:
        return value
    entry = call.storage.put(call.resource.shelf, value)
    strategy.written(call.plane, entry.object, None)
    return entry.object


def check_namespace(call: Call, name: str) -> None:
    """Refuse a create of `name` in a namespace that is missing or going.

    Raises:
        Failure: 404 or 403.
    """
    if not call.resource.namespaced:
        return
    space = call.storage.get(NAMESPACES.shelf, "", call.namespace)
    if space is None:
        raise not_found(NAMESPACES, call.namespace)
    if space.object["metadata"].get("deletionTimestamp"):
        text = f"unable to create new content in namespace {call.namespace} because it is being terminated"
        cause = Cause("NamespaceTerminating", f"namespace {call.namespace} is being terminated", "metadata.namespace")
        raise forbidden(call.resource, name, text, causes=[cause])


def _system_fields(call: Call, value: Json) -> None:
    meta = value["metadata"]
    for field in (*objects.SYSTEM_FIELDS, "resourceVersion", "managedFields"):
        meta.pop(field, None)
    objects.name(call, meta)
    objects.clean(meta)


def _identity(call: Call, value: Json) -> None:
    """What an object has only once nobody may change it any more."""
    meta = value["metadata"]
    meta["uid"] = call.plane.environment.uid()
    meta["creationTimestamp"] = call.plane.environment.timestamp()
    if strategy_of(call.resource).generation:
        meta["generation"] = 1


def _check(call: Call, value: Json) -> None:
    meta = value["metadata"]
    causes = [*objects.name_causes(call, meta.get("name", "")), *objects.label_causes(meta), *objects.owner_causes(meta)]
    causes += objects.finalizer_causes(call, meta)
    causes += field_causes(call, value, old=None)
    causes += strategy_of(call.resource).validate(value, None)
    if causes:
        raise invalid(call.resource, meta.get("name", ""), causes)
