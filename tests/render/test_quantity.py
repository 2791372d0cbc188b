"""Quantities are exact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kdasync.render.quantity import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("0.5", "0.5"),
        ("500m", "0.5"),
        ("100n", "1e-7"),
        ("1k", "1000"),
        ("4Gi", "4294967296"),
        ("1.5Ki", "1536"),
        ("2E", "2e18"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        (".5", "0.5"),
        ("-1", "-1"),
        (2, "2"),
        (0.25, "0.25"),
    ],
)
def test_quantity(text: object, value: str) -> None:
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1 Gi", "Gi", "1g", "1KI", "1e", "1e9999", None, True, "\u0661"])
def test_no_quantity(text: object) -> None:
    assert quantity(text) is None
