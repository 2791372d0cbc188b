"""Findings as text for people, JSON for scripts, SARIF 2.1.0 for code review. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kdasync.admission.rules import RULES
from kdasync.cli.lint.check import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Sequence[Finding]) -> str:
    """One line per finding, and a sum."""
    lines = [
        f"{item.file}:{item.line}: {item.level}: {item.field}: {' '.join(item.message.split())} {item.remedy} [{item.rule}]"
        for item in findings
    ]
    errors = sum(item.level == "error" for item in findings)
    return "\n".join([*lines, f"{errors} errors, {len(findings) - errors} warnings"])


def as_json(findings: Sequence[Finding]) -> str:
    """An array of findings."""
    return json.dumps([msgspec.to_builtins(item) for item in findings], indent=2, ensure_ascii=False)


def sarif(findings: Sequence[Finding]) -> str:
    """A SARIF log of one run."""
    about = {rule.id: rule.about for rule in RULES}
    used = sorted({item.rule for item in findings})
    driver = {
        "name": "kdasync lint",
        "rules": [{"id": word, "shortDescription": {"text": about.get(word, word)}} for word in used],
    }
    run = {"tool": {"driver": driver}, "results": [_result(item, used) for item in findings]}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(item: Finding, used: list[str]) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": item.file}, "region": {"startLine": item.line}}
    return {
        "ruleId": item.rule,
        "ruleIndex": used.index(item.rule),
        "level": item.level,
        "message": {"text": f"{item.field}: {item.message} {item.remedy}"},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": item.field}]}],
    }


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {"text": text, "json": as_json, "sarif": sarif}
