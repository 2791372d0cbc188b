"""A pod's first container, for assertions."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def app_of() -> Any:
    def first(pod: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = pod["status"]["containerStatuses"][0]
        return found

    return first


@pytest.fixture
def condition_of() -> Any:
    def find(pod: dict[str, Any], kind: str) -> dict[str, Any]:
        return next(each for each in pod["status"]["conditions"] if each["type"] == kind)

    return find
