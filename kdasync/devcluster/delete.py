"""DELETE of one object or a collection: grace, finalizers, propagation marks, preconditions.

Guarantees: an object with finalizers stays and is marked; orphan and foreground propagation become finalizers that the garbage
collector (a controller) works off. Source: apiserver `registry/generic/registry/store.go`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import admit, crd
from kdasync.devcluster.kinds import strategy_of
from kdasync.devcluster.objects import parse
from kdasync.devcluster.plane import Call
from kdasync.devcluster.query import select
from kdasync.devcluster.status import Cause, bad_request, conflict, invalid, not_found, success
from kdasync.devcluster.storage import Entry
from kdasync.devcluster.update import spec_finalizers
from kdasync.devcluster.views import bare

Json = dict[str, Any]

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_POLICIES = {"Orphan": ORPHAN, "Foreground": FOREGROUND, "Background": ""}


def options(call: Call) -> Json:
    """DeleteOptions from body and query."""
    value = parse(call) if call.request.body.strip() else {}
    if not isinstance(value, dict):
        raise bad_request("the body of a delete must be DeleteOptions")
    if not value.get("propagationPolicy") and call.params.get("propagationPolicy"):
        value["propagationPolicy"] = call.params.get("propagationPolicy")
    if value.get("gracePeriodSeconds") is None and call.params.get("gracePeriodSeconds"):
        value["gracePeriodSeconds"] = call.params.number("gracePeriodSeconds")
    if value.get("orphanDependents") is not None and value.get("propagationPolicy"):
        cause = Cause(
            "FieldValueInvalid",
            f'Invalid value: "{value["propagationPolicy"]}": orphanDependents and deletionPropagation cannot be both set',
            "propagationPolicy",
        )
        raise invalid(call.resource, "", [cause], group="meta.k8s.io", kind="DeleteOptions")
    policy = value.get("propagationPolicy")
    if policy and policy not in _POLICIES:
        text = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        cause = Cause("FieldValueNotSupported", text, "propagationPolicy")
        raise invalid(call.resource, "", [cause], group="meta.k8s.io", kind="DeleteOptions")
    if "All" in (value.get("dryRun") or []):
        value["dry"] = True
    return value


async def delete(call: Call) -> Json:
    """The object that is going, or a Status once it is gone."""
    wanted = options(call)
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    await admit.validate(call, None, old=entry.object)
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    return remove(call, entry, wanted)


async def delete_collection(call: Call) -> Json:
    """All selected objects, as a list."""
    wanted = options(call)
    entries = select(call, call.storage.list(call.resource.shelf, call.namespace or None))
    for entry in entries:
        await admit.validate(call, None, old=entry.object)
    for entry in entries:
        if call.storage.get(call.resource.shelf, *entry.key) is entry:
            remove(call, entry, wanted)
    kind = call.resource.list_kind or f"{call.resource.kind}List"
    meta: Json = {"resourceVersion": str(call.storage.version)}
    items = [entry.object for entry in entries]
    if call.resource.custom:
        meta["continue"] = ""
    else:
        items = [bare(item) for item in items]
    return {"kind": kind, "apiVersion": call.resource.api_version, "metadata": meta, "items": items}


def remove(call: Call, entry: Entry, wanted: Json) -> Json:
    """Delete one stored object under `wanted` DeleteOptions."""
    _preconditions(call, entry, wanted.get("preconditions") or {})
    strategy = strategy_of(call.resource)
    value = entry.copy()
    meta = value["metadata"]
    name = meta["name"]
    finalizers = strategy.finalized(_propagated(meta.get("finalizers") or [], wanted))
    grace = _grace(strategy.grace(value), meta, wanted)
    if finalizers or grace or spec_finalizers(value):
        marked = _marked(call, value, finalizers, grace)
        if marked and not (call.dry_run or wanted.get("dry")):
            stored = call.storage.put(call.resource.shelf, value)
            strategy.written(call.plane, stored.object, entry.object)
        return value
    if not (call.dry_run or wanted.get("dry")):
        call.storage.remove(call.resource.shelf, *entry.key)
        meta["resourceVersion"] = str(call.storage.version)
        if strategy.graceful:
            _marked(call, value, [], 0)
        strategy.removed(call.plane, value)
    return value if strategy.returns_object else success(call.resource, name, entry.uid)


def _preconditions(call: Call, entry: Entry, wanted: Json) -> None:
    meta = entry.object["metadata"]
    name = meta["name"]
    if wanted.get("uid") and wanted["uid"] != entry.uid:
        text = (
            f"the UID in the precondition ({wanted['uid']}) does not match the UID in record ({entry.uid}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(call.resource, name, text, kind=call.resource.kind)
    version = wanted.get("resourceVersion")
    if version and version != meta["resourceVersion"]:
        text = (
            f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
            f"({meta['resourceVersion']}). The object might have been modified"
        )
        raise conflict(call.resource, name, text, kind=call.resource.kind)


def _propagated(finalizers: list[str], wanted: Json) -> list[str]:
    """The finalizers that stand for the propagation policy, beside the object's own."""
    orphan = wanted.get("orphanDependents")
    policy = wanted.get("propagationPolicy")
    if policy is None and orphan is not None:
        policy = "Orphan" if orphan else "Background"
    if policy is None:
        return finalizers
    own = [item for item in finalizers if item not in {ORPHAN, FOREGROUND}]
    mark = _POLICIES[policy]
    return [*own, mark] if mark else own


def _grace(standard: int, meta: Json, wanted: Json) -> int:
    asked = wanted.get("gracePeriodSeconds")
    if standard == 0:
        return 0
    grace = standard if asked is None else int(asked) if int(asked) >= 0 else 1
    if meta.get("deletionTimestamp"):
        return (
            min(grace, int(meta.get("deletionGracePeriodSeconds") or 0))
            if asked is not None
            else int(meta.get("deletionGracePeriodSeconds") or 0)
        )
    return grace


def _marked(call: Call, value: Json, finalizers: list[str], grace: int) -> bool:
    """Mark `value` as going; False if it already was, in the same way."""
    meta = value["metadata"]
    before = (meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds"), meta.get("finalizers") or [])
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
    if not meta.get("deletionTimestamp"):
        meta["deletionTimestamp"] = call.plane.environment.timestamp(after=grace)
        meta["deletionGracePeriodSeconds"] = grace
        if meta.get("generation"):
            meta["generation"] += 1
        if value.get("kind") == "Namespace":
            value.setdefault("status", {})["phase"] = "Terminating"
            meta.pop("deletionGracePeriodSeconds")
        if value.get("kind") == "CustomResourceDefinition":
            crd.terminate(value, meta.pop("deletionTimestamp"))
    elif grace < int(meta.get("deletionGracePeriodSeconds") or 0):
        meta["deletionGracePeriodSeconds"] = grace
        meta["deletionTimestamp"] = call.plane.environment.timestamp(after=grace)
    return before != (meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds"), finalizers)
