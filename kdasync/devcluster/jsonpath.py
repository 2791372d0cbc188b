"""The part of JSONPath that printer columns use: members, indexes, `[*]`, and `[?(@.a=="b")]`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(
    r"""\.(?P<member>[^.\[\\]+(?:\\.[^.\[\\]*)*)|\[(?P<index>-?\d+|\*)\]|\[['"](?P<quoted>[^'"]+)['"]\]"""
    r"""|\[\?\(@\.(?P<key>[^=!<>\s]+)\s*==\s*['"]?(?P<value>[^'")]*)['"]?\)\]"""
)


@lru_cache(maxsize=256)
def _tokens(path: str) -> tuple[re.Match[str], ...]:
    text = path if path.startswith((".", "[")) else f".{path}"
    return tuple(_TOKEN.finditer(text))


def find(value: Any, path: str) -> list[Any]:
    """Everything at `path`, e.g. `.status.conditions[?(@.type=="Ready")].status`."""
    found = [value]
    for token in _tokens(path):
        found = [item for before in found for item in _step(before, token)]
    return found


def _step(value: Any, token: re.Match[str]) -> list[Any]:
    member = token["member"] or token["quoted"]
    if member is not None:
        name = member.replace("\\.", ".")
        if name == "*":
            return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if token["index"] == "*":
        return list(value)
    if token["index"] is not None:
        at = int(token["index"])
        return [value[at]] if -len(value) <= at < len(value) else []
    return [item for item in value if [str(got) for got in find(item, token["key"])] == [token["value"]]]
