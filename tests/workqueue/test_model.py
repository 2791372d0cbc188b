"""Any sequence of calls against a model: never two workers on a key, never a lost wake-up, never a run without a cause."""

from __future__ import annotations

import asyncio

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kdasync.settings import Settings
from kdasync.workqueue.queue import WorkQueue

KEYS = strategies.sampled_from(["a", "b", "c", "d"])
PRIORITIES = strategies.sampled_from([-100, 0, 100])


class Model(RuleBasedStateMachine):
    """`owed` are keys woken since their last run began; time stands still, so timers never fire by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.queue = self.loop.run_until_complete(self.make())
        self.owed: dict[str, int] = {}
        self.working: list[str] = []
        self.order: list[str] = []
        self.picks = 0

    async def make(self) -> WorkQueue[str]:
        return WorkQueue(settings=Settings(), clock=lambda: 0.0, random=lambda: 0.999)

    def ready(self) -> list[str]:
        return [key for key in self.order if key not in self.working]

    @rule(key=KEYS, priority=PRIORITIES)
    def add(self, key: str, priority: int) -> None:
        self.queue.add(key, priority)
        self.owed[key] = max(priority, self.owed.get(key, priority))
        if key not in self.working and key not in self.order:
            self.order.append(key)

    @rule(key=KEYS, delay=strategies.integers(1, 9))
    def add_after(self, key: str, delay: int) -> None:
        self.queue.add_after(key, delay, -100)

    @precondition(lambda self: self.ready())
    @rule()
    def get(self) -> None:
        key = self.loop.run_until_complete(asyncio.wait_for(self.queue.get(), 1))
        self.picks += 1
        assert key not in self.working
        ready = self.ready()
        best = max(self.owed[name] for name in ready)
        expected = ready[0] if self.picks % 10 == 0 else next(name for name in ready if self.owed[name] == best)
        assert key == expected
        del self.owed[key]
        self.order.remove(key)
        self.working.append(key)

    @precondition(lambda self: self.working)
    @rule(index=strategies.integers(0, 3))
    def done(self, index: int) -> None:
        key = self.working.pop(index % len(self.working))
        self.queue.done(key)
        if key in self.owed:
            self.order.append(key)

    @invariant()
    def nothing_is_lost(self) -> None:
        found = self.queue.statistics()
        assert found.ready == len(self.ready())
        assert found.processing == len(self.working)

    def teardown(self) -> None:
        self.queue.close()
        self.loop.close()


Model.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestModel = Model.TestCase
