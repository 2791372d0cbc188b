"""Field sets: what of an object somebody owns, as in `metadata.managedFields[].fieldsV1`.

A field set is a set of paths; a path is a tuple of FieldsV1 elements such as `f:spec` or `k:{"name":"app"}`.
Source: sigs.k8s.io/structured-merge-diff, `fieldpath`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kdasync.devcluster.shape import ATOMIC, Shape, element

Json = dict[str, Any]
Path = tuple[str, ...]

_OWN = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion")
_NOBODYS = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{name}") for name in _OWN)},
)


def flatten(value: Json, shape: Shape) -> dict[Path, Any]:
    """Every path of `value` that can be owned, with what is there (None for an inner node)."""
    found: dict[Path, Any] = {}
    _walk(value, shape, (), found)
    for path in _NOBODYS:
        found.pop(path, None)
    for path in [path for path in found if path[:2] == ("f:metadata", "f:managedFields")]:
        del found[path]
    return found


def _walk(value: Any, shape: Shape, path: Path, found: dict[Path, Any]) -> None:
    if isinstance(value, dict) and value and not shape.atomic:
        if path and not shape.always:
            found[path] = None
        for key, item in value.items():
            _walk(item, shape.child(key), (*path, f"f:{key}"), found)
    elif isinstance(value, list) and value and shape.keys != ATOMIC:
        if not shape.always:
            found[path] = None
        for item in value:
            inner = (*path, element(shape, item))
            found[inner] = None
            if isinstance(item, dict):
                _walk(item, shape.item(), inner, found)
    elif path:
        found[path] = value


def applied(value: Json, shape: Shape) -> set[Path]:
    """What an applied configuration claims: leaves and list items, no inner maps."""
    found = flatten(value, shape)
    inner = {path[:-1] for path in found}
    return {path for path in found if path not in inner or path[-1][0] in "kv"}


def parse(fields: Json) -> set[Path]:
    """The field set of a `fieldsV1`."""
    found: set[Path] = set()
    _parse(fields, (), found)
    return found


def _parse(fields: Json, path: Path, found: set[Path]) -> None:
    for key, inner in fields.items():
        if key == ".":
            found.add(path)
            continue
        if not inner:
            found.add((*path, key))
        else:
            _parse(inner, (*path, key), found)


def render(paths: Iterable[Path]) -> Json:
    """The `fieldsV1` of a field set."""
    root: Json = {}
    chosen = set(paths)
    for path in sorted(chosen):
        node = root
        for part in path:
            node = node.setdefault(part, {})
    _dots(root, (), chosen)
    return root


def _dots(node: Json, path: Path, chosen: set[Path]) -> None:
    for key, inner in node.items():
        if inner:
            _dots(inner, (*path, key), chosen)
            if (*path, key) in chosen:
                node[key] = {".": {}, **inner}


def shown(path: Path) -> str:
    """A path as messages print it, e.g. `.spec.template.spec.containers[name="app"].image`."""
    text = ""
    for part in path:
        kind, rest = part[:2], part[2:]
        if kind == "f:":
            text += f".{rest}"
        elif kind == "k:":
            text += "[" + ",".join(item.replace('":', "=", 1).lstrip('"') for item in rest[1:-1].split(",")) + "]"
        else:
            text += f"[={rest}]"
    return text
