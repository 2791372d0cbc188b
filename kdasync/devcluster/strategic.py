"""Strategic merge patch for the built-in kinds.

Lists merge by key, with `$patch`, `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys`. Source: apimachinery `util/strategicpatch`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.shape import NamedShape, named
from kdasync.devcluster.status import Failure

Json = dict[str, Any]

_DELETE, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


def strategic_merge(target: Any, patch: Json) -> Json:
    """`target` changed by `patch`."""
    return _map(target if isinstance(target, dict) else {}, patch, named())


def _map(target: Json, patch: Json, shape: NamedShape) -> Json:
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: item for key, item in patch.items() if not key.startswith("$")}
    if directive == "delete":
        return {}
    if directive is not None:
        raise Failure(500, "", f"unknown patch type: {directive} in map: map[$patch:{directive}]")
    result = dict(target)
    if "$retainKeys" in patch:
        keep = set(patch["$retainKeys"])
        result = {key: item for key, item in result.items() if key in keep}
    for key, item in patch.items():
        if key.startswith(_DELETE):
            name = key.removeprefix(_DELETE)
            result[name] = [value for value in result.get(name) or [] if value not in item]
        elif not key.startswith("$"):
            _member(result, key, item, shape.child(key))
    for key, item in patch.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            result[name] = _ordered(result.get(name) or [], item, shape.child(name))
    return result


def _member(result: Json, key: str, item: Any, shape: NamedShape) -> None:
    if item is None:
        result.pop(key, None)
    elif isinstance(item, dict):
        before = result.get(key)
        result[key] = _map(before if isinstance(before, dict) else {}, item, shape)
        if item.get("$patch") == "delete":
            del result[key]
    elif isinstance(item, list):
        result[key] = _list(result.get(key) or [], item, shape)
    else:
        result[key] = item


def _list(target: list[Any], patch: list[Any], shape: NamedShape) -> list[Any]:
    key = shape.strategic
    if key == "=":
        return _arranged([*target, *(item for item in patch if item not in target)], patch, target, "")
    if not key or not isinstance(target, list):
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    result = list(target)
    for item in patch:
        _item(result, item, key, shape)
    return _arranged(result, [item for item in patch if item.get("$patch") != "delete"], target, key)


def _arranged(values: list[Any], first: list[Any], before: list[Any], key: str) -> list[Any]:
    """`values` as the real server orders a merged list: those of the patch in its order, new ones as early as that allows."""

    def name(item: Any) -> str:
        return _hashable(item.get(key) if key else item)

    known = {name(item): item for item in values}
    place = {name(item): index for index, item in enumerate(before)}
    left = list(dict.fromkeys(name(item) for item in first))
    right = [name(item) for item in before if name(item) in known and name(item) not in left]
    result: list[Any] = []
    while left and right:
        side = left if left[0] not in place or place[left[0]] < place[right[0]] else right
        result.append(known[side.pop(0)])
    return [*result, *(known[item] for item in (*left, *right))]


def _item(result: list[Any], item: Any, key: str, shape: NamedShape) -> None:
    if not isinstance(item, dict) or key not in item:
        shown = " ".join(f"{name}:{value}" for name, value in item.items()) if isinstance(item, dict) else item
        raise Failure(500, "", f"map: map[{shown}] does not contain declared merge key: {key}")
    index = next((index for index, found in enumerate(result) if found.get(key) == item[key]), None)
    if item.get("$patch") == "delete":
        if index is not None:
            del result[index]
    elif index is None:
        result.append(_map({}, item, shape.item()))
    else:
        result[index] = _map(result[index], item, shape.item())


def _ordered(values: list[Any], order: list[Any], shape: NamedShape) -> list[Any]:
    key = shape.strategic
    if key in {"", "="}:
        names = order
        found = values
    else:
        names = [item.get(key) for item in order]
        found = [item.get(key) for item in values]
    rank = {_hashable(name): index for index, name in enumerate(names)}
    known = sorted(
        (index for index, name in enumerate(found) if _hashable(name) in rank), key=lambda at: rank[_hashable(found[at])]
    )
    rest = [index for index in range(len(values)) if index not in known]
    return [values[index] for index in [*known, *rest]]


def _hashable(value: Any) -> str:
    return str(value)
