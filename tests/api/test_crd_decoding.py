"""Whatever the API server could store decodes: types, required keys and nulls of the CRDs are never laxer than the wire types.

Every field of an object that has them all is replaced by each kind of value in turn; patterns and bounds are ignored, since they
only narrow what is stored.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import KubeDirectorConfig

WIRE = [KubeDirectorApp, KubeDirectorCluster, KubeDirectorConfig]
MISSING = object()
VALUES = [MISSING, None, "x", 10**12, 1.5, True, [None], {}, {"x": {"y": 1}}]
TYPING = {"type", "required", "properties", "items", "additionalProperties"}


def types_only(schema: Any) -> Any:
    body = {key: value for key, value in schema.items() if key in TYPING}
    if "properties" in body:
        body["properties"] = {key: types_only(value) for key, value in body["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in body:
            body[key] = types_only(body[key])
    if schema.get("nullable"):
        body["type"] = [body["type"], "null"]
    return body


def filled(schema: Any) -> Any:
    """A value with every declared field."""
    match schema.get("type"):
        case "object":
            known = {key: filled(item) for key, item in schema.get("properties", {}).items()}
            return known or ({"key": filled(schema["additionalProperties"])} if "additionalProperties" in schema else {})
        case "array":
            return [filled(schema["items"])]
        case kind:
            return {"string": "1", "integer": 1, "number": 1.5, "boolean": True}[kind]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    result = copy.deepcopy(value)
    place = result
    for key in path[:-1]:
        place = place[key]
    if new is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return result


@pytest.mark.parametrize("wire", WIRE)
def test_what_is_stored_decodes(kinds: Any, wire: Any) -> None:
    kind = kinds[wire.__name__]
    validator = jsonschema.Draft202012Validator(types_only(kind.schema))
    full = {key: filled(kind.schema["properties"][key]) for key in ("spec", "status") if key in kind.schema["properties"]}
    full |= {"apiVersion": "v", "kind": wire.__name__, "metadata": {"name": "n"}}
    assert validator.is_valid(full)
    stored, wrong = 0, []
    for path in (path for path in places(full) if path[0] in ("spec", "status")):
        for new in VALUES:
            body = kind.prune(changed(full, path, new))
            if validator.is_valid(body):
                stored += 1
                try:
                    msgspec.convert(body, wire)
                except msgspec.ValidationError as error:
                    wrong.append((path, new, str(error)))
    assert wrong == []
    assert stored > 30
