import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.looptime


class Hooks:
    def __init__(self) -> None:
        self.facts: list[tuple[Any, ...]] = []

    def added(self, depth: int) -> None:
        self.facts.append(("added", depth))

    def taken(self, depth: int, waited: float) -> None:
        self.facts.append(("taken", depth, waited))

    def finished(self, seconds: float) -> None:
        self.facts.append(("finished", seconds))

    def retried(self) -> None:
        self.facts.append(("retried",))


async def test_hooks_are_told_of_depth_latency_and_duration(make_queue: Any) -> None:
    hooks = Hooks()
    queue = make_queue(hooks=hooks)
    queue.add("a")
    queue.add("a")
    await asyncio.sleep(3)
    await queue.get()
    await asyncio.sleep(2)
    queue.retry("a")
    queue.done("a")
    assert hooks.facts == [("added", 1), ("taken", 0, 3.0), ("retried",), ("finished", 2.0)]


async def test_statistics_show_what_is_stuck(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("a")
    queue.add("b")
    await queue.get()
    queue.add_after("c", 60)
    queue.retry("d")
    await asyncio.sleep(10)
    found = queue.statistics()
    assert (found.ready, found.processing, found.waiting, found.failing) == (2, 1, 1, 1)
    assert (found.oldest_ready, found.unfinished, found.longest_running) == (10, 10, 10)
