"""From a wire type and its constraint table to a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps).

Why our own walk: a structural schema knows neither references nor unions, and null is a property of the field. A type without an
entry in the table, or an entry without a field, is an error here, so the tables cannot drift from the structs.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import msgspec
from msgspec import inspect

from kdasync.api.constraints import PRESERVE, Field, Shape, Table

_MERGED = ("items", "additionalProperties")


def structural(cls: type[msgspec.Struct], table: Table) -> dict[str, Any]:
    """The schema of a wire type.

    Raises:
        KeyError: table and types name different fields.
        TypeError: a type that no structural schema can say.
    """
    return _schema(inspect.type_info(cls), table)


@singledispatch
def _schema(node: inspect.Type, table: Table) -> dict[str, Any]:  # noqa: ARG001 - the signature of all cases
    raise TypeError(f"no structural schema for {node}")


@_schema.register
def _(_: inspect.StrType, __: Table) -> dict[str, Any]:
    return {"type": "string"}


@_schema.register
def _(_: inspect.IntType, __: Table) -> dict[str, Any]:
    return {"type": "integer"}


@_schema.register
def _(_: inspect.FloatType, __: Table) -> dict[str, Any]:
    return {"type": "number"}


@_schema.register
def _(_: inspect.BoolType, __: Table) -> dict[str, Any]:
    return {"type": "boolean"}


@_schema.register
def _(node: inspect.ListType, table: Table) -> dict[str, Any]:
    return {"type": "array", "items": _schema(node.item_type, table)}


@_schema.register
def _(node: inspect.DictType, table: Table) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _schema(node.value_type, table)}


@_schema.register
def _(node: inspect.UnionType, table: Table) -> dict[str, Any]:
    some = [kind for kind in node.types if not isinstance(kind, inspect.NoneType)]
    if len(some) != 1:
        raise TypeError(f"no structural schema for {node}")
    return _schema(some[0], table)


@_schema.register
def _(node: inspect.StructType, table: Table) -> dict[str, Any]:
    found = table[node.cls]
    properties = {item.encode_name: _property(found.fields[item.encode_name], item.type, table) for item in node.fields}
    _same_fields(node, found)
    schema: dict[str, Any] = {"description": _summary(node.cls), "type": "object"}
    if found.required:
        schema["required"] = list(found.required)
    if found.preserve:
        schema.update(PRESERVE)
    return {**schema, "properties": properties}


def _property(said: Field, kind: inspect.Type, table: Table) -> dict[str, Any]:
    schema = dict(said.schema) if said.schema is not None else _schema(kind, table)
    if said.about:
        schema["description"] = said.about
    for key, value in said.keywords.items():
        schema[key] = {**schema[key], **value} if key in _MERGED else value
    if said.nullable:
        schema["nullable"] = True
    return schema


def _same_fields(node: inspect.StructType, found: Shape) -> None:
    unknown = {*found.fields, *found.required} - {item.encode_name for item in node.fields}
    if unknown:
        raise KeyError(f"{node.cls.__name__} has no {sorted(unknown)}")


def _summary(cls: type) -> str:
    """The first paragraph of the type's docstring."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())
