"""Files to documents, with the line of every field.

Values are read as kubectl reads them: JSON, or YAML 1.1 without dates. Nothing is executed or expanded without bound: aliases that
multiply, circles and deep nesting are findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import yaml

from kdasync.errors import DefinitionError

_NODES = 100_000  # of one document, aliases counted each time
_BYTES = 8 * 1024 * 1024
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Dates stay text."""

    yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a file.

    Attributes:
        line: where it starts, from 1.
        value: the object; not yet known to be one.
        lines: path of a field -> line.
    """

    file: str
    line: int
    value: Any
    lines: Mapping[str, int] = {}

    def line_of(self, field: str) -> int:
        """The line of a field, or of the nearest one above it that is there."""
        while field:
            if field in self.lines:
                return self.lines[field]
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        return self.line


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or the rest of one, that cannot be read."""

    file: str
    line: int
    error: DefinitionError


def documents(file: str, data: bytes) -> Iterator[Document | Unreadable]:
    """Every object of a file, lists taken apart; ends at the first error."""
    try:
        text = data.decode("utf-8-sig")
        if len(data) > _BYTES:
            raise _unreadable(f"{len(data)} bytes are too many.", "Split the file.")
        for node in yaml.compose_all(_spaced(text), _Loader):
            yield from _objects(file, node)
    except DefinitionError as error:
        yield Unreadable(file=file, line=1, error=error)
    except UnicodeDecodeError:
        yield Unreadable(file=file, line=1, error=_unreadable("this is not UTF-8.", "Save it as UTF-8 text."))
    except RecursionError:
        yield Unreadable(file=file, line=1, error=_unreadable("it is nested too deeply.", "Use fewer levels."))
    except yaml.YAMLError as error:
        yield _broken(file, error)


def _spaced(text: str) -> str:
    """JSON may be indented by tabs, YAML not; a tab in JSON is never part of a value."""
    if "\t" not in text:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _broken(file: str, error: yaml.YAMLError) -> Unreadable:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Unreadable(
        file=file,
        line=mark.line + 1 if mark else 1,
        error=_unreadable(f"{problem}.", "Correct the YAML; look at the indentation around this line."),
    )


def _objects(file: str, node: yaml.Node | None) -> Iterator[Document]:
    if node is None:
        return
    reader = _Reader()
    value = reader.read(node, "")
    line = node.start_mark.line + 1
    if not isinstance(value, dict):
        if value is not None:
            yield Document(file=file, line=line, value=value)
        return
    if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            head = f"items[{index}]"
            lines = {path.removeprefix(head + "."): number for path, number in reader.lines.items() if path.startswith(head + ".")}
            yield Document(file=file, line=reader.lines.get(head, line), value=item, lines=lines)
        return
    yield Document(file=file, line=line, value=value, lines=reader.lines)


class _Reader:
    """Values of one document, each node counted as often as it appears."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._left = _NODES
        self._above: set[int] = set()
        self._scalars = _Loader("")

    def read(self, node: yaml.Node, path: str) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _unreadable("it has too many fields, or aliases that multiply.", "Write it out, or split it.")
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._above:
            raise _unreadable("it contains itself.", "Remove the alias.")
        self._above.add(id(node))
        value = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self._above.discard(id(node))
        return value

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = self._scalars.construct_object(node)
        except ValueError:
            return node.value
        return value if value is None or isinstance(value, bool | int | float | str) else node.value

    def _sequence(self, node: yaml.Node, path: str) -> list[Any]:
        return [self.read(item, f"{path}[{index}]") for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        self._scalars.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, item in node.value:
            key = _key(self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None)
            inner = f"{path}.{key}" if path else key
            result[key] = self.read(item, inner)
            self.lines[inner] = key_node.start_mark.line + 1
            self.lines[f"{path}[{key}]"] = key_node.start_mark.line + 1
        return result


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unreadable(message: str, remedy: str) -> DefinitionError:
    return DefinitionError(message, field="file", remedy=remedy, reason="Unreadable")
