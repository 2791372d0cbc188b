"""resource.Quantity: the canonical text of an amount. Source: apimachinery `api/resource`."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

_TEXT = re.compile(r"([+-]?[0-9.]+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_STEP = 3
_BINARY_MAGNITUDE = 1024


def amount(text: str) -> Fraction:
    """The number a quantity stands for.

    Raises:
        ValueError: not a quantity.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a quantity")
    number, suffix = Fraction(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * Fraction(_BINARY_MAGNITUDE ** _BINARY[suffix])
    power = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:] or 0)
    scale = Fraction(10 ** abs(power))
    return number * scale if power >= 0 else number / scale


def canonical(text: str) -> str:
    """The text kube-apiserver stores: no fraction, the largest suffix that fits. What is no quantity is left as it is."""
    try:
        value = amount(text)
    except (ValueError, ZeroDivisionError):
        return text
    found = _TEXT.fullmatch(text.strip())
    suffix = found[2] if found else None
    if suffix in _BINARY and value.denominator == 1:
        return _binary(value.numerator)
    if suffix and suffix[0] in "eE" and suffix not in _DECIMAL:
        return _decimal(value, lambda power: f"e{power}" if power else "")
    names = {power: name for name, power in _DECIMAL.items()}
    return _decimal(value, lambda power: names.get(power, ""))


def _binary(value: int) -> str:
    power = 0
    while value and value % _BINARY_MAGNITUDE == 0 and power < len(_BINARY):
        value //= _BINARY_MAGNITUDE
        power += 1
    return f"{value}{next((name for name, size in _BINARY.items() if size == power), '')}"


def _decimal(value: Fraction, suffix: Callable[[int], str]) -> str:
    power = -9
    number = -(-value * 10**9 // 1)
    while number and number % 1000 == 0 and power < max(_DECIMAL.values()):
        number //= 1000
        power += _STEP
    if not number:
        return "0"
    return f"{number}{suffix(power)}"
