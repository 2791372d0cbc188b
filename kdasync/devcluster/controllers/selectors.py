"""Label selectors: meta/v1 LabelSelector and the plain maps of services. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Every wanted label is there with its value. An empty map selects nothing, as in a Service."""
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """A LabelSelector selects these labels; an empty one selects everything, none nothing."""
    if selector is None:
        return False
    equal = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in equal.items()) and all(
        _holds(rule, labels) for rule in selector.get("matchExpressions") or ()
    )


def _holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = rule["key"], rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
