"""What every test gets: where the shared test data is, and a loop that nobody forgot to close."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_stray_loop() -> Iterator[None]:
    """looptime's plugin makes a loop for the first synchronous test and leaves it open; that would warn in a random later test."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)
