"""The scale subresource: replicas of a StatefulSet or custom resource seen as autoscaling/v1 Scale."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster import jsonpatch, objects, patching
from kdasync.devcluster.plane import Call
from kdasync.devcluster.query import dig
from kdasync.devcluster.status import Cause, Failure, bad_request, invalid, not_found
from kdasync.devcluster.update import write

Json = dict[str, Any]

_BUILTIN = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ""}


def _path(call: Call, name: str) -> str:
    paths = call.resource.scale or _BUILTIN
    return str(paths.get(name) or "").lstrip(".")


def show(call: Call, value: Json) -> Json:
    """The Scale of an object."""
    meta = value["metadata"]
    kept = {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in meta}
    status: Json = {"replicas": dig(value, _path(call, "statusReplicasPath")) or 0}
    selector = _selector(call, value)
    if selector:
        status["selector"] = selector
    wanted = dig(value, _path(call, "specReplicasPath"))
    if wanted is None and call.resource.custom:
        text = f'the spec replicas field ".{_path(call, "specReplicasPath")}" does not exist'
        raise Failure(500, "InternalError", f"Internal error occurred: {text}", details={"causes": [{"message": text}]})
    spec = {"replicas": wanted} if wanted else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": kept, "spec": spec, "status": status}


def _selector(call: Call, value: Json) -> str:
    if call.resource.custom:
        path = _path(call, "labelSelectorPath")
        return str(dig(value, path) or "") if path else ""
    labels = dig(value, "spec.selector.matchLabels") or {}
    return ",".join(f"{key}={item}" for key, item in sorted(labels.items()))


def get(call: Call) -> Json:
    """GET."""
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    return show(call, entry.object)


async def change(call: Call) -> Json:
    """PUT or PATCH: set the replicas."""

    def mutate(value: Json) -> Json:
        scale = _wanted(call, show(call, value))
        replicas = dig(scale, "spec.replicas") or 0
        if isinstance(replicas, int) and replicas < 0:
            cause = Cause("FieldValueInvalid", f"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas")
            raise invalid(call.resource, call.name, [cause], group="autoscaling", kind="Scale")
        if not isinstance(replicas, int):
            raise bad_request("spec.replicas must be an integer")
        version = dig(scale, "metadata.resourceVersion")
        if version:
            value["metadata"]["resourceVersion"] = version
        _put(value, _path(call, "specReplicasPath").split("."), replicas)
        return value

    target = msgspec.structs.replace(call, subresource="")
    return show(call, await write(target, mutate))


def _wanted(call: Call, scale: Json) -> Json:
    body = objects.parse(msgspec.structs.replace(call, headers={}))
    if call.verb == "PUT":
        if not isinstance(body, dict):
            raise bad_request("the body is not a Scale")
        return body
    if call.media_type == patching.JSON_PATCH:
        body = jsonpatch.operations(body)
    return patching.change(call.media_type, body, scale)


def _put(value: Json, path: list[str], replicas: int) -> None:
    for part in path[:-1]:
        value = value.setdefault(part, {})
    value[path[-1]] = replicas
