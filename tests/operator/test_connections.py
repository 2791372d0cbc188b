"""Clusters that are connected: told of each other's changes when they are done, and at rest even if they name each other."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime


async def both(stack: Any, make: Any, **second: Any) -> None:
    await stack.create("kubedirectorclusters", make("one", workers=1, connections={"clusters": ["two"]}))
    await stack.create("kubedirectorclusters", make("two", workers=1, **second))
    await stack.until(lambda: stack.configured("one") and stack.configured("two"))
    await stack.pause(30)
    await stack.until(lambda: stack.configured("one") and stack.configured("two"))


async def test_clusters_that_name_each_other_come_to_rest(running: Any, make: Any) -> None:
    async with running() as stack:
        await both(stack, make, connections={"clusters": ["one"]})
        epochs = [stack.status(name)["specGenerationToProcess"] for name in ("one", "two")]
        await stack.pause(300)
        assert [stack.status(name)["specGenerationToProcess"] for name in ("one", "two")] == epochs
        assert max(epochs) <= 4


async def test_a_cluster_reconnects_once_when_the_other_has_changed(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await both(stack, make)
        pods = list(stack.members("one"))
        before = stack.guests.of(pods[0]).count("--reconnect")
        await stack.merge("two", scale(2))
        await stack.until(lambda: stack.configured("two") and stack.status("two")["lastNodeID"] == 3)
        await stack.pause(10)
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[0]).count("--reconnect") == before + 1
