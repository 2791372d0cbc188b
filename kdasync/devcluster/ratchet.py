"""Ratcheting: a violation that was there before and did not change does not refuse an update.

Why: a definition may be tightened while objects live; they must stay editable. Source: KEP-4008, apiextensions-apiserver
`pkg/registry/customresource/validator.go`. Lists are compared as a whole unless they merge by key, as there.
"""

from __future__ import annotations

import re
from typing import Any

from kdasync.devcluster.status import Cause

Json = dict[str, Any]

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING = object()


def remaining(causes: list[Cause], value: Json, old: Json, schema: Json) -> list[Cause]:
    """The violations of `value` that `old` did not have at the same unchanged place."""
    return [cause for cause in causes if not _unchanged(cause, value, old, schema)]


def _unchanged(cause: Cause, value: Any, old: Any, schema: Json) -> bool:
    if cause.field == "<nil>":
        return False
    for match in _PART.finditer(cause.field):
        key, index = match[1], match[2]
        if key is not None:
            value, old, schema = _member(value, key), _member(old, key), _inner(schema, key)
        else:
            value, old = _item(value, int(index)), _counterpart(value, old, int(index), schema)
            schema = schema.get("items") or {}
        if value is _MISSING or old is _MISSING:
            return value is old
        if value == old:
            return True
    return False


def _member(value: Any, key: str) -> Any:
    return value.get(key, _MISSING) if isinstance(value, dict) else _MISSING


def _inner(schema: Json, key: str) -> Json:
    found = (schema.get("properties") or {}).get(key)
    extra = schema.get("additionalProperties")
    return found or (extra if isinstance(extra, dict) else {})


def _item(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list) and index < len(value) else _MISSING


def _counterpart(value: Any, old: Any, index: int, schema: Json) -> Any:
    """The item of `old` with the same key; nothing in lists that do not merge by key."""
    item, keys = _item(value, index), schema.get("x-kubernetes-list-map-keys")
    if not keys or not isinstance(item, dict) or not isinstance(old, list):
        return _MISSING
    same = (other for other in old if isinstance(other, dict) and all(other.get(key) == item.get(key) for key in keys))
    return next(same, _MISSING)
