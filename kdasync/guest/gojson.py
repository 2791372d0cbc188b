"""JSON text as Go's encoding/json writes it, with holes that are filled later.

Why: packages and older helpers read configmeta.json by its layout, and one large document is needed once per member with small
differences: the text is written once, the holes are filled per member.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec

_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


class Hole(msgspec.Struct, frozen=True):
    """A place whose text is chosen later: `kind` and `name` say what belongs there.

    As the value of the empty key, which must not be an object's first, it stands for whole entries, comma and key included.
    """

    kind: str
    name: str = ""


Value = Mapping[str, "Value"] | Sequence["Value"] | str | bool | None | Hole


def text(value: str) -> str:
    """A string: `<`, `>`, `&` and the line separators are escaped."""
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)


def pieces(value: Value) -> Iterator[str | Hole]:
    """The text of `value` in pieces, holes between them. Keys keep their order (Go sorts maps: the caller does)."""
    if isinstance(value, Hole):
        yield value
    elif isinstance(value, str):
        yield text(value)
    elif value is None or isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, Mapping):
        yield from _object(value)
    else:
        yield from _array(value)


def _object(value: Mapping[str, Value]) -> Iterator[str | Hole]:
    yield "{"
    for number, (key, item) in enumerate(value.items()):
        if key or not isinstance(item, Hole):
            yield f"{',' if number else ''}{text(key)}:"
        yield from pieces(item)
    yield "}"


def _array(value: Sequence[Value]) -> Iterator[str | Hole]:
    yield "["
    for number, item in enumerate(value):
        if number:
            yield ","
        yield from pieces(item)
    yield "]"


def compact(value: Value) -> tuple[bytes | Hole, ...]:
    """`pieces`, neighbouring texts joined and encoded."""
    result: list[bytes | Hole] = []
    run: list[str] = []
    for piece in pieces(value):
        if isinstance(piece, Hole):
            result += ("".join(run).encode(), piece)
            run = []
        else:
            run.append(piece)
    return (*result, "".join(run).encode())


def whole(value: Value) -> bytes:
    """The text of a value without holes."""
    return b"".join(piece for piece in compact(value) if isinstance(piece, bytes))
