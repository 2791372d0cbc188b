"""From a decoded body to an object of its kind: unknown fields, nulls, defaults; and its field errors.

Why: the same steps come before create, update, patch and apply, and `fieldValidation` decides what happens to unknown fields.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import objects, ratchet, schema
from kdasync.devcluster.builtin import builtin_schema, drop_empty, drop_nulls
from kdasync.devcluster.kinds import strategy_of
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Cause, bad_request
from kdasync.devcluster.views import absorb

Json = dict[str, Any]

_METADATA = frozenset(
    {
        *objects.SYSTEM_FIELDS,
        *("name", "generateName", "namespace", "resourceVersion", "labels", "annotations"),
        *("ownerReferences", "finalizers", "managedFields"),
    }
)


def decode_object(call: Call, value: Json, *, old: Json | None = None) -> None:
    """Make `value` an object of the call's kind, in place; what equals the stored `old` is known to be one.

    Raises:
        Failure: 400, wrong types of a built-in kind, or unknown fields under fieldValidation=Strict.
    """
    objects.strings(value["metadata"])
    changed = {key: item for key, item in value.items() if old is None or key not in old or item != old[key]}
    known = set(changed)
    unknown = _decode_custom(call, value, changed) if call.resource.custom else _decode_builtin(call, changed)
    for key in known - set(changed):
        del value[key]
    stored = absorb(call.resource, value)
    if stored is not value:
        value.clear()
        value.update(stored)
    if not call.resource.custom and (old is None or changed.keys() - {"status", "metadata"}):
        strategy_of(call.resource).default(value)
    if unknown:
        _report(call, unknown)


def _decode_custom(call: Call, value: Json, changed: Json) -> list[str]:
    rules: Json = call.resource.schema or {schema.PRESERVE: True}
    unknown = [*schema.prune(changed, rules), *_unknown_metadata(changed)]
    for key in changed.keys() | (rules.get("properties") or {}).keys() - value.keys():
        inner = (rules.get("properties") or {}).get(key)
        if inner is not None and key not in schema.ROOT_FIELDS:
            schema.fill_member(value, key, inner)
            if key in changed and key not in value:
                del changed[key]
    return unknown


def _decode_builtin(call: Call, changed: Json) -> list[str]:
    drop_nulls(changed)
    known = builtin_schema(call.resource)
    if known is None:
        return []
    unknown = schema.prune(changed, known)
    unknown += _unknown_metadata(changed)
    wrong = schema.validate(changed, known)
    if wrong:
        raise bad_request(
            f'{call.resource.kind} in version "{call.resource.version}" cannot be handled as a {call.resource.kind}: '
            f"{wrong[0].field}: {wrong[0].message}"
        )
    drop_empty(changed, known)
    return unknown


def _unknown_metadata(changed: Json) -> list[str]:
    """Remove what no object's metadata has, in place; the paths of what was removed."""
    meta: Json = changed.get("metadata") or {}
    strange = [key for key in meta if key not in _METADATA]
    for key in strange:
        del meta[key]
    return [f"metadata.{key}" for key in strange]


def _report(call: Call, unknown: list[str]) -> None:
    mode = call.params.get("fieldValidation") or "Warn"
    texts = [f'unknown field "{path}"' for path in sorted(unknown)]
    if mode == "Strict":
        kind = call.resource.kind
        text = (
            f'{kind} in version "{call.resource.version}" cannot be handled as a {kind}: strict decoding error: {", ".join(texts)}'
        )
        raise bad_request(text)
    if mode == "Warn":
        call.warnings.extend(texts)


def field_causes(call: Call, value: Json, *, old: Json | None) -> list[Cause]:
    """Violations of a custom resource's schema. What was stored before is not judged again (KEP-4008, ratcheting)."""
    rules: Json | None = call.resource.schema if call.resource.custom else None
    if not rules:
        return []
    if old is None:
        return schema.validate(value, rules)
    properties = rules.get("properties") or {}
    changed = {key: inner for key, inner in properties.items() if value.get(key) != old.get(key)}
    return ratchet.remaining(schema.validate(value, {**rules, "properties": changed}), value, old, rules)
