"""From a document to a typed object, with a refusal that names the field.

Why: the schema has the last word on shapes, in the API server's own words. What passes it and still cannot be read here is refused,
never skipped: an object that no rule could look at must not be stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from kdasync.errors import DefinitionError

T = TypeVar("T")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?(.*?)`$")
_INT32 = 2**31 - 1
_DEPTH = 64


def read(document: Any, kind: type[T]) -> T:
    """The typed object.

    Raises:
        DefinitionError: it cannot be read as one.
    """
    if deep(document):
        raise DefinitionError("is nested too deeply.", field="spec", remedy=f"Use at most {_DEPTH} levels.", reason="WrongType")
    try:
        return msgspec.json.decode(msgspec.json.encode(document), type=kind)
    except (msgspec.MsgspecError, UnicodeError, OverflowError) as error:
        text = str(error)
        place = _PLACE.search(text)
        field = place[1] if place and place[1] else "object"
        said = _PLACE.sub("", text)
        raise DefinitionError(f"{said}.", field=field, remedy="Correct its type.", reason="WrongType") from error


def deep(document: Any, levels: int = _DEPTH) -> bool:
    """True if a document has more levels than any definition needs; walks without recursion."""
    layer = [document]
    for _ in range(levels):
        layer = [item for value in layer for item in _children(value)]
        if not layer:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    return [item for item in value if isinstance(item, dict | list)] if isinstance(value, list) else []


def too_large(value: int | None, field: str) -> Iterator[DefinitionError]:
    """A number that KubeDirector's 32 bits cannot hold."""
    if value is not None and not -_INT32 <= value <= _INT32:
        yield DefinitionError(
            f"{value} is out of range.", field=field, remedy=f"Use a number of at most {_INT32}.", reason="OutOfRange"
        )
