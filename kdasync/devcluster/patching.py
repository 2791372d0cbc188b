"""PATCH: which patch, applied to what, and how its failures are answered.

Source: apiserver `endpoints/handlers/patch.go`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import apply, jsonpatch, objects
from kdasync.devcluster.decoding import decode_object
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Failure, bad_request, unsupported_media_type
from kdasync.devcluster.strategic import strategic_merge
from kdasync.devcluster.update import write
from kdasync.devcluster.views import present

Json = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def accepted(call: Call) -> tuple[str, ...]:
    """The patch types a resource takes, in the real server's order."""
    return (JSON_PATCH, MERGE, APPLY) if call.resource.custom else (JSON_PATCH, MERGE, STRATEGIC, APPLY)


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def change(kind: str, body: Any, value: Json) -> Json:
    """`value` changed by a patch of media type `kind`."""
    if kind == JSON_PATCH:
        result = jsonpatch.apply(value, body)
    elif kind == MERGE:
        result = merge(value, body)
    else:
        result = strategic_merge(value, body)
    if not isinstance(result, dict):
        raise bad_request("the patch does not leave an object")
    return result


async def patch(call: Call) -> tuple[Json, bool]:
    """(the object as stored, True if it was created)."""
    kind = call.media_type
    if kind == APPLY:
        return await apply.apply(call)
    if kind not in accepted(call):
        raise unsupported_media_type(accepted(call))
    body = objects.parse_json(call.request.body)
    if kind == JSON_PATCH:
        body = jsonpatch.operations(body)
    elif not isinstance(body, dict):
        kind = "array" if isinstance(body, list) else "string" if isinstance(body, str) else "number"
        raise bad_request(f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")

    def mutate(value: Json) -> Json:
        entry = call.stored()
        result = change(kind, body, present(call.resource, value))
        _unrenamed(call, result)
        decode_object(call, result, old=present(call.resource, entry.object) if entry else None)
        return result

    return await write(call, mutate), False


def _unrenamed(call: Call, result: Json) -> None:
    meta = result.get("metadata")
    if not isinstance(meta, dict):
        raise Failure(422, "Invalid", "metadata must be an object", details={})
    if meta.get("name") != call.name:
        raise bad_request(f"the name of the object ({meta.get('name')}) does not match the name on the URL ({call.name})")
    objects.check_kind(call, result)
