"""Kubernetes quantities (`100m`, `4Gi`, `1e3`) as exact numbers. Source: apimachinery resource.Quantity."""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]))?", re.ASCII)
_SUFFIX = {
    **{letter: Decimal(10) ** exponent for letter, exponent in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)},
    **{f"{letter}i": Decimal(2) ** (10 * power) for power, letter in enumerate("KMGTPE", start=1)},
}


def quantity(value: object) -> Decimal | None:
    """The number that a quantity stands for, or None if it is none. JSON numbers count as quantities."""
    found = _FORM.fullmatch(str(value))
    if not found:
        return None
    number, exponent, suffix = found.groups()
    if exponent:
        return Decimal(number + exponent)
    return Decimal(number) * _SUFFIX.get(suffix, Decimal(1))
