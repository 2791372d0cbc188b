"""Checks of single values: pattern, length, bounds, enum, format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from kdasync.devcluster.status import Cause

Json = dict[str, Any]


_TIMES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
        "date": re.compile(r"\d{4}-\d\d-\d\d"),
    }
)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    # RE2 and Python agree on what CRDs use, but for $, which in Python also matches before a final newline
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", text), re.ASCII)


def _quoted(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)


def _invalid(path: str, value: Any, words: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {_quoted(value)}: {path} in body {words}", path)


def _string_causes(value: str, schema: Json, path: str) -> list[Cause]:
    """The first violation only, as kube-openapi's string validator stops there."""
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        return [
            Cause(
                "FieldValueTooLong",
                f"Too long: may not be more than {schema['maxLength']} byte{'s' if schema['maxLength'] != 1 else ''}",
                path,
            )
        ]
    if len(value) < schema.get("minLength", 0):
        return [_invalid(path, value, f"should be at least {schema['minLength']} chars long")]
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        return [_invalid(path, value, f"should match '{schema['pattern']}'")]
    if schema.get("format") in _TIMES and not _TIMES[schema["format"]].fullmatch(value):
        kind = schema["format"]
        return [
            Cause(
                "FieldValueTypeInvalid",
                f"Invalid value: {_quoted(value)}: {path} in body must be of type {kind}: {_quoted(value)}",
                path,
            )
        ]
    return []


def _number_causes(value: float, schema: Json, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if "maximum" in schema:
        limit, strict = schema["maximum"], bool(schema.get("exclusiveMaximum"))
        if value > limit or (strict and value == limit):
            causes.append(_invalid(path, value, f"should be less than {'' if strict else 'or equal to '}{_plain(limit)}"))
    if "minimum" in schema:
        limit, strict = schema["minimum"], bool(schema.get("exclusiveMinimum"))
        if value < limit or (strict and value == limit):
            causes.append(_invalid(path, value, f"should be greater than {'' if strict else 'or equal to '}{_plain(limit)}"))
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        causes.append(_invalid(path, value, f"should be a multiple of {_plain(schema['multipleOf'])}"))
    return causes


def scalar_causes(value: Any, schema: Json, path: str) -> list[Cause]:
    """What is wrong with one value beside its type."""
    causes: list[Cause] = []
    if isinstance(value, str):
        causes = _string_causes(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        causes = _number_causes(value, schema, path)
    if "enum" in schema and value not in schema["enum"]:
        shown = ", ".join(_quoted(item) for item in schema["enum"])
        causes.append(Cause("FieldValueNotSupported", f"Unsupported value: {_quoted(value)}: supported values: {shown}", path))
    return causes
