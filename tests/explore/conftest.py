"""Walks over the tables, once for all tests that look at them."""

from __future__ import annotations

import time

import pytest

from kdasync.explore.explore import Explorer, explorer
from kdasync.explore.report import Report


@pytest.fixture(scope="session")
def walked() -> tuple[Explorer, dict[str, Report]]:
    """One member (with a true picture of its pod) and a small cluster."""
    walks = explorer(time.monotonic, stale=False)
    return walks, {name: walks.run(name) for name in ("one", "small")}
