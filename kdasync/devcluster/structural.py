"""What makes a CustomResourceDefinition's schema structural.

Source: apiextensions-apiserver `pkg/apis/apiextensions/validation`. Only what people get wrong is looked at: types, items, list
keys, defaults and columns.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import schema as schemas
from kdasync.devcluster.status import Cause

Json = dict[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_ROOT = "spec.validation.openAPIV3Schema"


def causes(version: Json) -> list[Cause]:
    """The field errors of one version of a definition."""
    root = (version.get("schema") or {}).get("openAPIV3Schema")
    found = _schema(root, _ROOT) if isinstance(root, dict) else []
    if isinstance(root, dict) and root.get("type") != "object":
        found.append(_required(f"{_ROOT}.type", "must not be empty at the root"))
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        if not column.get("jsonPath"):
            found.append(_required(f"spec.additionalPrinterColumns[{index}].JSONPath"))
    return found


def _required(field: str, words: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value{': ' if words else ''}{words}", field)


def _schema(schema: Json, path: str) -> list[Cause]:
    found = [*_kind(schema, path), *_list(schema, path)]
    if "default" in schema and not found:
        wrong = schemas.validate(schema["default"], schema, "")
        found += [Cause(item.reason, item.message.replace("<nil> in body", " in body"), f"{path}.default") for item in wrong]
    for name, inner in (schema.get("properties") or {}).items():
        found += _member(inner, f"{path}.properties[{name}]", "object fields")
    for field, words in (("additionalProperties", "object fields"), ("items", "array items")):
        if isinstance(schema.get(field), dict):
            found += _member(schema[field], f"{path}.{field}", words)
    return found


def _member(schema: Json, path: str, words: str) -> list[Cause]:
    untyped = not schema.get("type") and not schema.get(schemas.INT_OR_STRING) and not schema.get(schemas.PRESERVE)
    missing = [_required(f"{path}.type", f"must not be empty for specified {words}")] if untyped else []
    return [*missing, *_schema(schema, path)]


def _kind(schema: Json, path: str) -> list[Cause]:
    kind = schema.get("type")
    if not kind or kind in _TYPES:
        return []
    known = ", ".join(f'"{item}"' for item in _TYPES)
    return [Cause("FieldValueNotSupported", f'Unsupported value: "{kind}": supported values: {known}', f"{path}.type")]


def _list(schema: Json, path: str) -> list[Cause]:
    found = []
    if schema.get("type") == "array" and "items" not in schema:
        found.append(_required(f"{path}.items", "must be specified"))
    if schema.get("uniqueItems"):
        text = "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        found.append(Cause("FieldValueForbidden", text, f"{path}.uniqueItems"))
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get("x-kubernetes-list-map-keys"):
        found.append(_required(f"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"))
    return found
