"""Label selectors as text: equality, sets, existence.

Source: apimachinery `pkg/labels/selector.go`; what it refuses is refused here in its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kdasync.devcluster.objects import VALUE, VALUE_TEXT
from kdasync.devcluster.status import bad_request

Labels = Mapping[str, Any]
Match = Callable[[Labels], bool]

_TOKEN = re.compile(r"\s*(!=|==|[=!,()<>]|[^\s=!,()<>]+)")
_SIGNS = frozenset({"=", "==", "!=", "!", ",", "(", ")", "<", ">", ""})
_OPERATORS = "in, notin, =, ==, !=, gt, lt"


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def requirements(self) -> list[Match]:
        found: list[Match] = []
        while self.peek():
            if self.peek() in _SIGNS - {"!"}:
                raise bad_request(f"found '{self.peek()}', expected: !, identifier, or 'end of string'")
            found.append(self._requirement())
            if self.peek() not in {",", ""}:
                raise bad_request(f"found '{self.peek()}', expected: ',' or 'end of string'")
            self.take()
        return found

    def _requirement(self) -> Match:
        if self.peek() == "!":
            self.take()
            key = self._identifier()
            return lambda labels: key not in labels
        key = self._identifier()
        operator = self.peek()
        if operator in {",", ""}:
            return lambda labels: key in labels
        if operator not in {"=", "==", "!=", "in", "notin"}:
            raise bad_request(f"unable to parse requirement: found '{operator}', expected: {_OPERATORS}")
        self.take()
        values = self._values() if operator.endswith("in") else {self._exact()}
        _check(key, values)
        if operator in {"=", "==", "in"}:
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values

    def _identifier(self) -> str:
        token = self.take()
        if token in _SIGNS:
            raise bad_request(f"unable to parse requirement: found '{token}', expected: identifier")
        return token

    def _exact(self) -> str:
        return "" if self.peek() in {",", ""} else self._identifier()

    def _values(self) -> set[str]:
        if self.peek() != "(":
            raise bad_request(f"unable to parse requirement: found '{self.peek()}' expected: '('")
        self.take()
        values: set[str] = set()
        while True:
            if self.peek() in _SIGNS - {",", ")"}:
                raise bad_request(f"unable to parse requirement: found '{self.peek()}', expected: ',', ')' or identifier")
            values.add("" if self.peek() in {",", ")"} else self.take())
            if self.take() == ")":
                return values


def _check(key: str, values: set[str]) -> None:
    for index, value in enumerate(sorted(values)):
        if not VALUE.fullmatch(value):
            text = f'values[{index}][{key}]: Invalid value: "{value}": {VALUE_TEXT}'
            raise bad_request(f"unable to parse requirement: {text}")


def label_matches(text: str) -> list[Match]:
    """The requirements of a label selector.

    Raises:
        Failure: 400.
    """
    return _Parser(text).requirements()
