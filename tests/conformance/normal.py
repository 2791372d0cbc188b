"""Answers of two servers, or of one server twice, made comparable.

What is generated is replaced by what it stands for: UIDs and resource versions by the object's name and a number that counts its lives
and changes, so that "changed" and "did not change" stay visible; times, addresses, ports and tokens by their kind. Everything else stays.
"""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MICRO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_KNOWN = re.compile(r"(ResourceVersion in (?:the )?(?:precondition|record) \(|resourceVersion=)(\d+)")
_QUOTED = re.compile(r"(resourceVersion[\\\"]+:[\\\"]+)\d+")
_VERSION = re.compile(r"((?:resource version|current): )\d+(?: \(\d+\))?")
_ADDRESS = re.compile(r"\b10\.\d+\.\d+\.\d+\b|\b127\.0\.0\.1\b")
_AGE = re.compile(r"\d+(m\d+)?s")
_PORTS = re.compile(r":\d{4,5}\b")
_LISTS = ("List", "Table")
_OPAQUE = {
    "continue": "CONTINUE",
    "nodePort": "NODEPORT",
    "storageVersionHash": "HASH",
    "currentRevision": "REVISION",
    "updateRevision": "REVISION",
}


class Normal:
    """The names of one conversation's generated values.

    Attributes:
        controlled: kinds whose controller writes their status whenever it comes to it: status and version stay out.
    """

    def __init__(self, token: str, host: str, image: str) -> None:
        self._fixed = ((token, "TOKEN"), (image, "IMAGE"), (host, "HOST"))
        self._uids: dict[str, str] = {}
        self._versions: dict[str, str] = {}
        self._generated: dict[str, str] = {}
        self.controlled: tuple[str, ...] = ()

    def __call__(self, value: Any) -> Any:
        """A normal copy."""
        self._learn(value)
        return self._map(value, "", opaque=False)

    def text(self, text: str) -> str:
        """A normal text."""
        for found, name in (*self._fixed, *self._generated.items()):
            text = text.replace(found, name) if found else text
        text = _UID.sub(lambda match: self._uids.get(match[0], "UID"), text)
        text = _TIME.sub("TIME", _MICRO.sub("MICROTIME", text))
        text = _KNOWN.sub(lambda match: f"{match[1]}{self._versions.get(match[2], 'VERSION')}", text)
        text = _QUOTED.sub(r"\1VERSION", text)
        text = _VERSION.sub(r"\1VERSION", text)
        text = re.sub(r"continue=[\w-]+", "continue=CONTINUE", text)
        text = re.sub(r'exec \\*"[0-9a-f]{64}\\*"', 'exec "ID"', text)
        return _PORTS.sub(":PORT", _ADDRESS.sub("ADDRESS", text))

    def _learn(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._learn(item)
        elif isinstance(value, dict):
            base, name = value.get("generateName"), value.get("name")
            if isinstance(base, str) and isinstance(name, str) and name.startswith(base):
                self._generated.setdefault(name, f"{base}RANDOM{len(self._generated) + 1}")
            if isinstance(name, str) and value.get("creationTimestamp"):
                self._count(self._uids, "uid", value.get("uid"), name)
                self._count(self._versions, "version", value.get("resourceVersion"), name)
            for item in value.values():
                self._learn(item)

    def _count(self, known: dict[str, str], what: str, found: Any, name: str) -> None:
        if isinstance(found, str) and found and found not in known:
            prefix = f"{what} of {self.text(name)} "
            known[found] = f"{prefix}{sum(1 for label in known.values() if label.startswith(prefix)) + 1}"

    def _map(self, value: Any, key: str, *, opaque: bool) -> Any:
        if isinstance(value, dict):
            if value.get("reason") in {"Invalid", "Conflict"}:
                value = _unordered(value)
            if value.get("kind") in self.controlled and "metadata" in value:
                value = _uncontrolled(value)
            inner = str(value.get("kind", "")).endswith(_LISTS) or value.get("type") == "BOOKMARK" or (opaque and key != "items")
            return {self.text(name): self._map(value[name], name, opaque=inner) for name in sorted(value)}
        if isinstance(value, list):
            return [self._map(item, key, opaque=False) for item in value]
        if key in _OPAQUE and value:
            return _OPAQUE[key]
        if isinstance(value, str):
            return self._string(value, key, opaque=opaque)
        return value

    def _string(self, value: str, key: str, *, opaque: bool) -> str:
        if key == "resourceVersion" and value.isdigit() and value != "0":
            return "VERSION" if opaque else self._versions.get(value, "VERSION")
        if key == "cells" and _AGE.fullmatch(value):
            return "AGE"
        return self.text(value)


def _unordered(value: Json) -> Json:
    """A refusal with its field errors sorted and told once: the real server takes them from a map, and tells some of them twice."""
    causes = (value.get("details") or {}).get("causes") or []
    unique = {(cause.get("field", ""), cause.get("message", "")): cause for cause in causes}
    if len(causes) < 2:
        return value
    order = sorted(unique)
    value = {**value, "details": {**value["details"], "causes": [unique[key] for key in order]}}
    head, sign, _ = value.get("message", "").partition(" is invalid: ")
    if sign:
        text = ", ".join(f"{field}: {message}" for field, message in order)
        value["message"] = f"{head}{sign}{f'[{text}]' if len(order) > 1 else text}"
    return value


def _uncontrolled(value: Json) -> Json:
    meta = {key: item for key, item in value["metadata"].items() if key != "resourceVersion"}
    if "managedFields" in meta:
        meta["managedFields"] = [item for item in meta["managedFields"] if item.get("subresource") != "status"]
    return {**{key: item for key, item in value.items() if key != "status"}, "metadata": meta}
