"""Structural schemas: prune, defaults, null rules, validation.

Why our own: the messages must be those of kube-apiserver (kube-openapi's validator), which people and golden records read.
Source: apiextensions-apiserver `pkg/apiserver/schema`; rule order as in kubedirector-api.md section 0.1.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from kdasync.devcluster.status import Cause
from kdasync.devcluster.validation import scalar_causes

Json = dict[str, Any]

ROOT_FIELDS = ("apiVersion", "kind", "metadata")
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
_COMBINED = frozenset({"allOf", "anyOf", "oneOf", "not"})
_PLAIN: Mapping[str, type] = MappingProxyType({"string": str, "boolean": bool, "object": dict, "array": list})


def prune(value: Any, schema: Json, *, path: str = "", root: bool = True) -> list[str]:
    """Remove what the schema does not know, in place; the paths of what was removed."""
    unknown: list[str] = []
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        for key in list(value):
            inner = f"{path}.{key}" if path else key
            if root and key in ROOT_FIELDS:
                continue
            if key in properties:
                unknown += prune(value[key], properties[key], path=inner, root=bool(properties[key].get(EMBEDDED)))
            elif isinstance(extra, dict):
                unknown += prune(value[key], extra, path=inner, root=False)
            elif not schema.get(PRESERVE) and extra is not True:
                del value[key]
                unknown.append(inner)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            unknown += prune(item, schema["items"], path=f"{path}[{index}]", root=bool(schema["items"].get(EMBEDDED)))
    return unknown


def fill(value: Any, schema: Json) -> None:
    """Defaults, and removal of nulls that the schema does not allow, in place."""
    if isinstance(value, list):
        for item in value:
            fill(item, schema.get("items") or {})
    elif isinstance(value, dict):
        properties: Json = schema.get("properties") or {}
        for key, inner in properties.items():
            fill_member(value, key, inner)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            for key in [key for key in value if key not in properties]:
                fill_member(value, key, extra)


def fill_member(value: Json, key: str, schema: Json) -> None:
    """Default or null rule of one member, and everything below it."""
    null = key in value and value[key] is None and not schema.get("nullable")
    if "default" in schema and (null or key not in value):
        value[key] = copy.deepcopy(schema["default"])
    elif null:
        del value[key]
    if key in value:
        fill(value[key], schema)


def validate(value: Any, schema: Json, path: str = "") -> list[Cause]:
    """Every violation, worded as kube-apiserver words it."""
    if value is None and schema.get("nullable"):
        return []
    wrong = _type_causes(value, schema, path)
    if wrong:
        return wrong
    if len(schema) == 1 and "type" in schema:
        return []
    causes = scalar_causes(value, schema, path)
    if isinstance(value, dict):
        causes += _object_causes(value, schema, path)
    elif isinstance(value, list):
        causes += _list_causes(value, schema, path)
    return causes if _COMBINED.isdisjoint(schema) else causes + _combined_causes(value, schema, path)


def _type_causes(value: Any, schema: Json, path: str) -> list[Cause]:
    if schema.get(INT_OR_STRING):
        kind = "integer,string"
        fits = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    else:
        kind = schema.get("type", "")
        fits = not kind or _is(value, kind)
    if fits:
        return []
    found = _kind(value)
    shown = path or "<nil>"
    text = f'Invalid value: "{found}": {shown} in body must be of type {kind}: "{found}"'
    causes = [Cause("FieldValueTypeInvalid", text, shown)]
    if kind == "integer" and isinstance(value, float):
        text = f'Invalid value: "": Checked value must be of type integer (default format) in {shown}'
        causes.append(Cause("FieldValueInvalid", text, "<nil>"))
    return causes


def _is(value: Any, kind: str) -> bool:
    plain = _PLAIN.get(kind)
    if plain is not None:
        return isinstance(value, plain)
    if kind == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return _kind(value) == kind


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = ((int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return next((name for kind, name in names if isinstance(value, kind)), "object")


def _object_causes(value: Json, schema: Json, path: str) -> list[Cause]:
    properties: Json = schema.get("properties") or {}
    extra = schema.get("additionalProperties")
    causes: list[Cause] = []
    for key, item in sorted(value.items()):
        inner = f"{path}.{key}" if path else key
        if key in properties:
            causes += validate(item, properties[key], inner)
        elif isinstance(extra, dict):
            causes += validate(item, extra, inner)
    for key in schema.get("required") or ():
        if key not in value:
            causes.append(Cause("FieldValueRequired", "Required value", f"{path}.{key}" if path else key))
    return causes + _size_causes(value, schema, path)


def _size_causes(value: Json, schema: Json, path: str) -> list[Cause]:
    if len(value) < schema.get("minProperties", 0):
        text = f"Invalid value: {len(value)}: {path} in body should have at least {schema['minProperties']} properties"
        return [Cause("FieldValueInvalid", text, path)]
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        limit = schema["maxProperties"]
        text = f"Too many: {len(value)}: must have at most {limit} item{'s' if limit != 1 else ''}"
        return [Cause("FieldValueTooMany", text, path)]
    return []


def _list_causes(value: list[Any], schema: Json, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if len(value) < schema.get("minItems", 0):
        text = f"Invalid value: {len(value)}: {path} in body should have at least {schema['minItems']} items"
        causes.append(Cause("FieldValueInvalid", text, path))
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        text = f"Too many: {len(value)}: must have at most {schema['maxItems']} item{'s' if schema['maxItems'] != 1 else ''}"
        causes.append(Cause("FieldValueTooMany", text, path))
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            causes += validate(item, items, f"{path}[{index}]")
    return causes + _duplicates(value, schema, path)


def _duplicates(value: list[Any], schema: Json, path: str) -> list[Cause]:
    kind = schema.get("x-kubernetes-list-type")
    if kind not in {"set", "map"} and not schema.get("uniqueItems"):
        return []
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    seen: list[Any] = []
    causes = []
    for index, item in enumerate(value):
        name = {key: item.get(key) for key in keys} if kind == "map" and isinstance(item, dict) else item
        if name in seen:
            shown = msgspec.json.encode(name).decode()
            causes.append(Cause("FieldValueDuplicate", f"Duplicate value: {shown}", f"{path}[{index}]"))
        seen.append(name)
    return causes


def _combined_causes(value: Any, schema: Json, path: str) -> list[Cause]:
    """Violations of allOf, anyOf, oneOf, not. The real server reports the last three without a field."""
    causes: list[Cause] = []
    for inner in schema.get("allOf") or ():
        causes += validate(value, inner, path)
    shown = path or "<nil>"
    fits = [not validate(value, inner, path) for inner in schema.get("anyOf") or ()]
    if fits and not any(fits) and not schema.get(INT_OR_STRING):
        text = f'Invalid value: "": "{shown}" must validate at least one schema (anyOf)'
        causes += [Cause("FieldValueInvalid", text, "<nil>"), *validate(value, schema["anyOf"][0], path)]
    fits = [not validate(value, inner, path) for inner in schema.get("oneOf") or ()]
    if fits and sum(fits) != 1:
        found = f"Found {sum(fits)} valid alternatives" if sum(fits) else "Found none valid"
        text = f'Invalid value: "": "{shown}" must validate one and only one schema (oneOf). {found}'
        nearest = [] if any(fits) else validate(value, schema["oneOf"][0], path)
        causes += [Cause("FieldValueInvalid", text, "<nil>"), *nearest]
    if "not" in schema and not validate(value, schema["not"], path):
        text = f'Invalid value: "": "{shown}" must not validate the schema (not)'
        causes.append(Cause("FieldValueInvalid", text, "<nil>"))
    return causes
