"""Keys that need work, in client-go's shape: never two workers on a key, never a lost wake-up, any number of events folded into one run.

Why not a queue of events: an event only wakes a key; what is to be done follows from the stores. That makes a burst of events one
run, and a lost or doubled event harmless.

Flow: `add` makes a key dirty; a dirty key that nobody works on is ready; `get` takes the ready key of the highest priority, oldest
first, and every tenth time the oldest of all, so that nothing starves; `done` makes it ready again if it became dirty meanwhile.

Guarantees: a key waits at most once, with the highest priority and the earliest time it was added with; `add` of a waiting key
makes it ready at once and drops its timer, since the run that follows says itself when it wants to run again. The order depends on
nothing but the order of calls, the clock and the random numbers.

Assumptions: one loop; `get` and `done` come in pairs; `retry` and `add_after` of a run come before its `done`.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Hashable, Sized
from typing import Generic, NamedTuple, TypeVar

from kdasync.settings import Settings
from kdasync.workqueue.hooks import Hooks, NoHooks

K = TypeVar("K", bound=Hashable)

URGENT = 100  # deletions and edits of a spec: somebody waits
NORMAL = 0
FRESH = -50  # a new cluster: its long first pass must not hold up what runs already
RESYNC = -100  # objects of the first list

_OLDEST_EVERY = 10
_MAX_DOUBLINGS = 30


class Statistics(NamedTuple):
    """Numbers for metrics and the debug page; times in seconds."""

    ready: int
    processing: int
    waiting: int  # keys with a timer
    failing: int  # keys with failures since they were last forgotten
    oldest_ready: float  # longest time that a ready key has waited
    unfinished: float  # sum over keys in work
    longest_running: float


class _Ready(NamedTuple):
    priority: int
    number: int
    since: float


class _Running(NamedTuple):
    priority: int
    since: float


class _Waiting(NamedTuple):
    when: float
    priority: int
    number: int


class WorkQueue(Generic[K]):
    """The queue. Construct it inside the running loop.

    Args:
        settings: `backoff_first` and `backoff_limit` are used.
        clock: seconds on the loop's clock.
        random: numbers in [0, 1).
        hooks: told of everything that a metric counts.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Callable[[], float],
        random: Callable[[], float],
        hooks: Hooks | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._random = random
        self._hooks = hooks or NoHooks()
        self._loop = asyncio.get_running_loop()
        self._ready: dict[K, _Ready] = {}
        self._by_priority: list[tuple[int, int, K]] = []
        self._by_age: deque[tuple[int, K]] = deque()
        self._dirty: dict[K, int] = {}
        self._processing: dict[K, _Running] = {}
        self._waiting: dict[K, _Waiting] = {}
        self._timers: list[tuple[float, int, K]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._failures: dict[K, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._number = 0
        self._picks = 0

    def add(self, key: K, priority: int = NORMAL) -> None:
        """This key needs work now."""
        waiting = self._waiting.pop(key, None)
        priority = max(priority, waiting.priority) if waiting else priority
        known = key in self._ready or key in self._dirty
        if key in self._processing:
            self._dirty[key] = max(priority, self._dirty.get(key, priority))
        else:
            self._make_ready(key, priority)
        if not known:
            self._hooks.added(len(self._ready))

    def add_after(self, key: K, delay: float, priority: int = NORMAL) -> None:
        """This key needs work in `delay` seconds, if nothing wakes it before."""
        if delay <= 0:
            self.add(key, priority)
            return
        when = self._clock() + delay
        known = self._waiting.get(key)
        if key in self._ready or key in self._dirty:
            return
        if known is not None and known.when <= when and known.priority >= priority:
            return
        if known is not None:
            when, priority = min(when, known.when), max(priority, known.priority)
        entry = _Waiting(when, priority, self._next_number())
        self._waiting[key] = entry
        heapq.heappush(self._timers, (when, entry.number, key))
        self._set_alarm()

    def retry(self, key: K, *, at_least: float = 0.0) -> float:
        """The run failed: run again after the key's back-off (full jitter), not before `at_least` seconds; returns the delay."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        limit = min(self._settings.backoff_limit, self._settings.backoff_first * 2.0 ** min(failures, _MAX_DOUBLINGS))
        delay = max(at_least, limit * self._random())
        running = self._processing.get(key)
        self._hooks.retried()
        self.add_after(key, delay, running.priority if running else NORMAL)
        return delay

    def forget(self, key: K) -> None:
        """The run succeeded: its back-off starts over."""
        self._failures.pop(key, None)

    async def get(self) -> K:
        """The next key; call `done` with it when its run is over."""
        while not self._ready:
            await self._arrival()
        key = self._pick()
        entry = self._ready.pop(key)
        now = self._clock()
        self._processing[key] = _Running(entry.priority, now)
        self._hooks.taken(len(self._ready), now - entry.since)
        return key

    def done(self, key: K) -> None:
        """The run of `key` is over."""
        running = self._processing.pop(key)
        self._hooks.finished(self._clock() - running.since)
        priority = self._dirty.pop(key, None)
        if priority is not None:
            self._make_ready(key, priority)

    def statistics(self) -> Statistics:
        """Numbers of this moment."""
        now = self._clock()
        running = [now - entry.since for entry in self._processing.values()]
        return Statistics(
            ready=len(self._ready),
            processing=len(running),
            waiting=len(self._waiting),
            failing=len(self._failures),
            oldest_ready=max((now - entry.since for entry in self._ready.values()), default=0.0),
            unfinished=sum(running),
            longest_running=max(running, default=0.0),
        )

    def close(self) -> None:
        """Drop the timer; nothing fires afterwards."""
        self._waiting.clear()
        self._timers.clear()
        self._set_alarm()

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _make_ready(self, key: K, priority: int) -> None:
        known = self._ready.get(key)
        if known is None:
            known = _Ready(priority, self._next_number(), self._clock())
            self._by_age.append((known.number, key))
        elif known.priority >= priority:
            return
        entry = known._replace(priority=priority)
        self._ready[key] = entry
        heapq.heappush(self._by_priority, (-priority, entry.number, key))
        if len(self._by_priority) > _compactable(self._ready):
            self._by_priority = [(-entry.priority, entry.number, key) for key, entry in self._ready.items()]
            heapq.heapify(self._by_priority)
        self._wake()

    def _pick(self) -> K:
        """Entries of the two orders that no longer match the ready table are dropped as they are met."""
        self._picks += 1
        if self._picks % _OLDEST_EVERY == 0:
            return self._oldest()
        while True:
            negative, number, key = heapq.heappop(self._by_priority)
            entry = self._ready.get(key)
            if entry is not None and entry.number == number and entry.priority == -negative:
                return key

    def _oldest(self) -> K:
        while True:
            number, key = self._by_age.popleft()
            entry = self._ready.get(key)
            if entry is not None and entry.number == number:
                return key

    async def _arrival(self) -> None:
        getter = self._loop.create_future()
        self._getters.append(getter)
        try:
            await getter
        except asyncio.CancelledError:
            if getter.done() and self._ready:
                self._wake()  # this wake-up was for a key that another worker must take now
            raise

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    def _set_alarm(self) -> None:
        """One timer of the loop, for the earliest waiting key."""
        if len(self._timers) > _compactable(self._waiting):
            self._timers = [(entry.when, entry.number, key) for key, entry in self._waiting.items()]
            heapq.heapify(self._timers)
        while self._timers and self._stale(self._timers[0]):
            heapq.heappop(self._timers)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            self._alarm = self._loop.call_later(max(0.0, self._timers[0][0] - self._clock()), self._ring)

    def _stale(self, timer: tuple[float, int, K]) -> bool:
        entry = self._waiting.get(timer[2])
        return entry is None or entry.number != timer[1]

    def _ring(self) -> None:
        self._alarm = None
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)
            if not self._stale(timer):
                self.add(timer[2], self._waiting[timer[2]].priority)
        self._set_alarm()


def _compactable(live: Sized) -> int:
    """The length of a heap above which most of it is entries that no longer count."""
    return 2 * len(live) + 64
