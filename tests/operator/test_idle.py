"""Idle clusters cost nothing: no request but the watches, no pass."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime


async def test_an_idle_cluster_makes_no_request_in_ten_minutes(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        await stack.pause(30)
        before = {key: count for key, count in stack.requests().items() if key[0] != "watch"}
        passes = stack.operator.queue.statistics()
        await stack.pause(600)
        after = {key: count for key, count in stack.requests().items() if key[0] != "watch"}
        assert after == before
        assert passes.ready == stack.operator.queue.statistics().ready == 0
