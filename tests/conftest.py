"""What every test gets: where the shared test data is, and a loop that nobody forgot to close."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[1].parent / "shared"))


def pytest_configure(config: pytest.Config) -> None:
    """What was recorded of the real KubeDirector lies outside the repository. A visitor's run goes without; in CI it may not be missing."""
    del config
    if os.environ.get("CI") and not (SHARED / "testdata").exists():
        raise pytest.UsageError(f"The recorded test data is not at {SHARED}: set KDASYNC_SHARED.")


@pytest.fixture(scope="session", autouse=True)
def _no_stray_loop() -> Iterator[None]:
    """looptime's plugin makes a loop for the first synchronous test and leaves it open; that would warn in a random later test."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)
