"""The table of rules, the code and the page of rules say the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from kdasync.admission import fields
from kdasync.admission.page import page
from kdasync.admission.rules import RULES
from kdasync.api.app import AppSpec
from kdasync.api.cluster import ClusterSpec
from kdasync.api.config import ConfigSpec

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "kdasync" / "admission").glob("*.py"),
    *(ROOT / "kdasync" / "render").glob("check*.py"),
]


def reasons() -> set[str]:
    """Every word that the code refuses or warns with."""
    calls = [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    defaults = [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    said = [
        word.value.value
        for call in calls
        for word in call.keywords
        if word.arg == "reason" and isinstance(word.value, ast.Constant)
    ]
    said += [
        default.value
        for function in defaults
        for argument, default in zip(reversed(function.args.kwonlyargs), reversed(function.args.kw_defaults), strict=False)
        if argument.arg == "reason" and isinstance(default, ast.Constant)
    ]
    return set(said) - {"InvalidDefinition"}


def test_every_refusal_has_its_row() -> None:
    rows = {rule.id for rule in RULES if rule.home != "policy"}
    assert reasons() == rows


def test_every_finding_has_a_word() -> None:
    without = [
        f"{path.name}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "DefinitionError"
        and not any(word.arg == "reason" for word in node.keywords)
    ]
    assert [place for place in without if not place.startswith("handle.py")] == []


def test_ids_are_given_once() -> None:
    ids = [rule.id for rule in RULES]
    assert sorted(set(ids)) == sorted(ids)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == page(), "run `kdasync docs`"


def paths(kind: type[msgspec.Struct], path: str = "spec") -> Iterator[str]:
    for field in inspect.type_info(kind).fields:
        here = f"{path}.{field.encode_name}"
        yield here
        yield from _below(field.type, here)


def _below(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, inspect.UnionType):
        for some in node.types:
            yield from _below(some, path)
    elif isinstance(node, inspect.ListType):
        yield from _below(node.item_type, f"{path}[]")
    elif isinstance(node, inspect.StructType):
        yield from paths(node.cls, path)


@pytest.mark.parametrize(
    ("kind", "table"),
    [(AppSpec, fields.APP), (ClusterSpec, fields.CLUSTER), (ConfigSpec, fields.CONFIG)],
    ids=["app", "cluster", "config"],
)
def test_every_field_is_classified(kind: Any, table: Any) -> None:
    found = list(paths(kind))
    assert [path for path in found if fields.classify(table, path) is None] == []
    assert [entry.path for entry in table if entry.path != "spec" and entry.path.removesuffix("[]") not in found] == []
