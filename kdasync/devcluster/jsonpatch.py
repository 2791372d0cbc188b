"""JSON patch, RFC 6902, with the failures worded as kube-apiserver answers them."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from kdasync.devcluster.status import Failure, bad_request

LIMIT = 10000  # kube-apiserver's bound on operations


class Operation(msgspec.Struct, frozen=True):
    """One operation."""

    op: str
    path: str
    value: Any = msgspec.UNSET
    source: str = msgspec.field(default="", name="from")


def operations(body: Any) -> list[Operation]:
    """The decoded patch.

    Raises:
        Failure: 400 malformed, 413 too many.
    """
    if not isinstance(body, list | tuple):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
    try:
        found = msgspec.convert(body, list[Operation])
    except msgspec.ValidationError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if len(found) > LIMIT:
        text = f"The allowed maximum operations in a JSON patch is {LIMIT}, got {len(found)}"
        raise Failure(413, "RequestEntityTooLarge", text, details={})
    return found


def _refused() -> Failure:
    return Failure(422, "Invalid", "the server rejected our request due to an error in our request", details={})


def _parts(path: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise _refused()
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list):
        return value[_index(part, len(value))]
    raise _refused()


def _index(part: str, size: int) -> int:
    if not part.lstrip("-").isdigit() or not -size <= int(part) < size:
        raise _refused()
    return int(part)


def _find(value: Any, parts: list[str]) -> Any:
    for part in parts:
        value = _step(value, part)
    return value


def _add(root: Any, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    parent = _find(root, parts[:-1])
    last = parts[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index_or_end(last, len(parent)), value)
    else:
        raise _refused()
    return root


def _index_or_end(part: str, size: int) -> int:
    return size if part == str(size) else _index(part, size)


def _remove(root: Any, parts: list[str]) -> None:
    if not parts:
        raise _refused()
    parent = _find(root, parts[:-1])
    _step(parent, parts[-1])
    del parent[parts[-1] if isinstance(parent, dict) else _index(parts[-1], len(parent))]


def _replace(root: Any, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    parent = _find(root, parts[:-1])
    if isinstance(parent, dict):
        parent[parts[-1]] = value  # also if it is not there, as the Go library
    else:
        _step(parent, parts[-1])
        parent[_index(parts[-1], len(parent))] = value
    return root


def _test(root: Any, parts: list[str], wanted: Any) -> None:
    if wanted is None:  # as the Go library: a missing member equals null
        try:
            found = _find(root, parts)
        except Failure:
            return
    else:
        found = _find(root, parts)
    if msgspec.json.encode(found, order="deterministic") != msgspec.json.encode(wanted, order="deterministic"):
        raise _refused()


def _operate(root: Any, item: Operation) -> Any:
    parts = _parts(item.path)
    value = None if item.value is msgspec.UNSET else copy.deepcopy(item.value)
    if item.op == "add":
        return _add(root, parts, value)
    if item.op == "replace":
        return _replace(root, parts, value)
    if item.op == "remove":
        _remove(root, parts)
    elif item.op == "test":
        _test(root, parts, value)
    elif item.op in {"copy", "move"}:
        moved = copy.deepcopy(_find(root, _parts(item.source)))
        if item.op == "move":
            _remove(root, _parts(item.source))
        return _add(root, parts, moved)
    else:
        raise _refused()
    return root


def apply(value: Any, patch: list[Operation]) -> Any:
    """`value` changed in place by all operations.

    Raises:
        Failure: 422, a test failed or a path is not there.
    """
    for item in patch:
        value = _operate(value, item)
    return value
