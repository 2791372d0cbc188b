"""Field errors of the small built-in kinds: ConfigMaps, Secrets, Leases, Events, webhook configurations.

Source: kubernetes `pkg/apis/*/validation`.
"""

from __future__ import annotations

import re
from typing import Any

from kdasync.devcluster.status import Cause

Json = dict[str, Any]

_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
    "regex used for validation is '[-._a-zA-Z0-9]+')"
)
_SEGMENTS = 3


def _invalid(field: str, shown: str, words: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {words}", field)


def _keys(value: Json, *fields: str) -> list[Cause]:
    bad = [(field, key) for field in fields for key in value.get(field) or {} if not _KEY.fullmatch(key)]
    return [_invalid(f"{field}[{key}]", f'"{key}"', _KEY_TEXT) for field, key in bad]


def _frozen(value: Json, old: Json | None) -> list[Cause]:
    if old is None or not old.get("immutable"):
        return []
    changed = any(value.get(field) != old.get(field) for field in ("data", "binaryData"))
    return [Cause("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", "data")] if changed else []


def config_map(value: Json, old: Json | None) -> list[Cause]:
    """Keys, and that none is there twice."""
    twice = [key for key in value.get("data") or {} if key in (value.get("binaryData") or {})]
    double = [_invalid(f"data[{key}]", f'"{key}"', "duplicate of key present in binaryData") for key in twice]
    return [*_frozen(value, old), *_keys(value, "data", "binaryData"), *double]


def secret(value: Json, old: Json | None) -> list[Cause]:
    """Keys, and the type that never changes."""
    causes = _frozen(value, old)
    if old is not None and value.get("type") != old.get("type"):
        causes.append(_invalid("type", f'"{value.get("type")}"', "field is immutable"))
    return [*causes, *_keys(value, "data")]


def lease(value: Json, _old: Json | None) -> list[Cause]:
    """Duration and number of transitions."""
    spec = value.get("spec") or {}
    causes = []
    if spec.get("leaseDurationSeconds") is not None and spec["leaseDurationSeconds"] <= 0:
        causes.append(_invalid("spec.leaseDurationSeconds", str(spec["leaseDurationSeconds"]), "must be greater than 0"))
    if spec.get("leaseTransitions") is not None and spec["leaseTransitions"] < 0:
        causes.append(_invalid("spec.leaseTransitions", str(spec["leaseTransitions"]), "must be greater than or equal to 0"))
    return causes


def event(value: Json, _old: Json | None) -> list[Cause]:
    """That it lies in its object's namespace; a modern one (with an eventTime) says what was done and is of a known type."""
    causes = []
    involved = (value.get("involvedObject") or {}).get("namespace") or ""
    if involved and involved != value["metadata"].get("namespace"):
        causes.append(_invalid("involvedObject.namespace", f'"{involved}"', "does not match event.namespace"))
    if value.get("eventTime"):
        if not value.get("action"):
            causes.append(Cause("FieldValueRequired", "Required value", "action"))
        if value.get("type") not in {"Normal", "Warning"}:
            causes.append(_invalid("type", '""', f"has invalid value: {value.get('type')}"))
    return causes


def webhooks(value: Json, _old: Json | None) -> list[Cause]:
    """Names of three segments, and side effects that a dry run may have."""
    causes = []
    for index, hook in enumerate(value.get("webhooks") or ()):
        name = str(hook.get("name") or "")
        if len([part for part in name.split(".") if part]) < _SEGMENTS:
            words = "should be a domain with at least three segments separated by dots"
            causes.append(_invalid(f"webhooks[{index}].name", f'"{name}"', words))
        if hook.get("sideEffects") not in {"None", "NoneOnDryRun"}:
            text = "Required value: must specify one of None, NoneOnDryRun"
            causes.append(Cause("FieldValueRequired", text, f"webhooks[{index}].sideEffects"))
    return causes
