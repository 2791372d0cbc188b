"""Kubernetes quantities as numbers. Pure. Source: apimachinery resource.Quantity."""

from __future__ import annotations

from decimal import Decimal

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def number(quantity: str | float) -> float:
    """`1Gi` -> 1073741824.0, `100m` -> 0.1, `1e3` -> 1000.0.

    Raises:
        decimal.InvalidOperation: no quantity.
    """
    text = str(quantity)
    if text[-2:] in _BINARY:
        return float(Decimal(text[:-2]) * 2 ** _BINARY[text[-2:]])
    suffix = text[-1:] if text[-1:] in _DECIMAL else ""
    return float(Decimal(text[: len(text) - len(suffix)]).scaleb(_DECIMAL[suffix]))
