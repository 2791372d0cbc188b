"""What of an applied configuration does not fit its kind's types: unknown fields, and list items without or with the same key.

Why: server-side apply reads a configuration through the schema before it merges; what it cannot read is refused with 500, as there.
Source: apiserver `util/managedfields`, structured-merge-diff `typed`.
"""

from __future__ import annotations

import copy
from typing import Any

from kdasync.devcluster import schema
from kdasync.devcluster.builtin import builtin_schema
from kdasync.devcluster.managed import shape_of
from kdasync.devcluster.plane import Call
from kdasync.devcluster.shape import ATOMIC, SET, Shape, element
from kdasync.devcluster.status import Failure

Json = dict[str, Any]


def check(call: Call, config: Json) -> None:
    """Refuse a configuration that cannot be read as its kind.

    Raises:
        Failure: 500.
    """
    rules = call.resource.schema if call.resource.custom else builtin_schema(call.resource)
    unknown = schema.prune(copy.deepcopy(config), rules) if rules else []
    wrong = [f".{path}: field not declared in schema" for path in unknown] or _items(config, shape_of(call), "")
    if wrong:
        meta = config.get("metadata") or {}
        name = f"{meta.get('namespace') or ''}/{meta.get('name') or call.name}"
        what = f"({name}; {call.resource.api_version}, Kind={call.resource.kind})"
        raise Failure(500, "", f"failed to create typed patch object {what}: {wrong[0]}")


def _items(value: Any, shape: Shape, path: str) -> list[str]:
    if isinstance(value, dict) and not shape.atomic:
        return [text for key, item in value.items() for text in _items(item, shape.child(key), f"{path}.{key}")]
    if not isinstance(value, list) or shape.keys in {ATOMIC, SET}:
        return []
    found, seen = [], set()
    for index, item in enumerate(value):
        if not isinstance(item, dict) or not any(key in item or shape.default(key) is not None for key in shape.keys):
            names = " ".join(f'"{key}"' for key in shape.keys)
            words = f"associative list with keys has an element that omits all key fields [{names}]"
            found.append(f"{path}: element {index}: {words} (and doesn't have default values for any key fields)")
            continue
        name = element(shape, item)
        if name in seen:
            shown = ",".join(f'{key}="{item.get(key, shape.default(key))}"' for key in sorted(shape.keys))
            found.append(f"{path}: duplicate entries for key [{shown}]")
        seen.add(name)
        found += _items(item, shape.item(), f"{path}[{index}]")
    return found
