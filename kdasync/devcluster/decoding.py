"""From a decoded body to an object of its kind: unknown fields, nulls, defaults; and its field errors.

Why: the same steps come before create, update, patch and apply, and `fieldValidation` decides what happens to unknown fields.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import objects, schema
from kdasync.devcluster.builtin import builtin_schema, drop_nulls
from kdasync.devcluster.kinds import strategy_of
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Cause, bad_request
from kdasync.devcluster.views import absorb

Json = dict[str, Any]


def decode_object(call: Call, value: Json) -> None:
    """Make `value` an object of the call's kind, in place.

    Raises:
        Failure: 400, wrong types of a built-in kind, or unknown fields under fieldValidation=Strict.
    """
    objects.strings(value["metadata"])
    if call.resource.custom:
        unknown = schema.prune(value, call.resource.schema or {schema.PRESERVE: True})
        schema.fill(value, call.resource.schema or {})
    else:
        unknown = _decode_builtin(call, value)
    stored = absorb(call.resource, value)
    if stored is not value:
        value.clear()
        value.update(stored)
    strategy_of(call.resource).default(value)
    if unknown:
        _report(call, unknown)


def _decode_builtin(call: Call, value: Json) -> list[str]:
    known = builtin_schema(call.resource)
    drop_nulls(value)
    if known is None:
        return []
    unknown = schema.prune(value, known)
    wrong = schema.validate(value, known)
    if wrong:
        raise bad_request(
            f'{call.resource.kind} in version "{call.resource.version}" cannot be handled as a {call.resource.kind}: '
            f"{wrong[0].field}: {wrong[0].message}"
        )
    return unknown


def _report(call: Call, unknown: list[str]) -> None:
    mode = call.params.get("fieldValidation") or "Warn"
    texts = [f'unknown field "{path}"' for path in unknown]
    if mode == "Strict":
        kind = call.resource.kind
        text = (
            f'{kind} in version "{call.resource.version}" cannot be handled as a {kind}: strict decoding error: {", ".join(texts)}'
        )
        raise bad_request(text)
    if mode == "Warn":
        call.warnings.extend(texts)


def field_causes(call: Call, value: Json, old: Json | None) -> list[Cause]:
    """Violations of a custom resource's schema."""
    del old
    if not call.resource.custom or not call.resource.schema:
        return []
    return schema.validate(value, call.resource.schema)
