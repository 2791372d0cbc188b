"""Schemas of the built-in kinds, taken from the Kubernetes client library's own models.

Why: unknown fields must be told and dropped as the typed decoder of the real server does, and `kubectl explain` wants an OpenAPI
document; the models of kubernetes-asyncio are generated from the real one, so nothing is written twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kdasync.devcluster.resources import Resource
from kdasync.devcluster.schema import PRESERVE

Json = dict[str, Any]

_SCALARS: dict[str, Json] = {
    "str": {"type": "string"},
    "bytes": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "object": {PRESERVE: True},
}
_QUANTITY = "dict(str, str)"
_QUANTITIES = frozenset({"limits", "requests", "capacity", "allocatable", "allocated_resources", "overhead"})
_NAMES = {
    ("", "Event"): "CoreV1Event",
    ("events.k8s.io", "Event"): "EventsV1Event",
    ("discovery.k8s.io", "EndpointSlice"): "V1EndpointSlice",
}
_NULLABLE = frozenset({"lastProbeTime"})  # shown as null by the real server
_ALWAYS = frozenset({"rules", "endpoints", "addresses", "containers", "metadata"})  # written also when empty
_UNTYPED = frozenset({"CustomResourceDefinition"})  # its schemas nest without end


@lru_cache(maxsize=1024)
def model_schema(name: str) -> Json:
    """The OpenAPI v3 schema of a client model, e.g. `V1Pod`."""
    from kubernetes_asyncio.client import models

    model = getattr(models, name)
    wire: dict[str, str] = model.attribute_map
    return {"type": "object", "properties": {wire[key]: _type(kind, key) for key, kind in model.openapi_types.items()}}


def _type(kind: str, key: str) -> Json:
    if kind == _QUANTITY and key in _QUANTITIES:
        return {"type": "object", "additionalProperties": {}}  # text or number
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind.startswith("list["):
        return {"type": "array", "items": _type(kind[5:-1], "")}
    if kind.startswith("dict("):
        inner = kind[5:-1].partition(",")[2].strip()
        return {"type": "object", "additionalProperties": _type(inner, "")}
    return model_schema(kind)


@lru_cache(maxsize=256)
def builtin_schema(resource: Resource) -> Json | None:
    """The schema of a built-in kind, or None if it is taken as it comes."""
    if resource.kind in _UNTYPED:
        return None
    return model_schema(_NAMES.get((resource.group, resource.kind), f"V1{resource.kind}"))


def drop_empty(value: Any, schema: Json) -> None:
    """Remove empty lists and maps in place, as Go's omitempty does; structs and what Go always writes stay."""
    if isinstance(value, list):
        for item in value:
            drop_empty(item, schema.get("items") or {})
    elif isinstance(value, dict):
        inner: Json = schema.get("properties") or {}
        for key in list(value):
            rules = inner.get(key) or {}
            if value[key] in ({}, []) and key not in _ALWAYS and ("items" in rules or "additionalProperties" in rules):
                del value[key]
            else:
                drop_empty(value[key], rules)


def drop_nulls(value: Any) -> None:
    """Remove null members, as they vanish in a typed struct."""
    if isinstance(value, dict):
        for key in list(value):
            if value[key] is None:
                if key not in _NULLABLE:
                    del value[key]
            else:
                drop_nulls(value[key])
    elif isinstance(value, list):
        for item in value:
            drop_nulls(item)
