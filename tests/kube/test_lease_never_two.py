"""Whatever happens to wires, processes and clocks: never two at work, and every write that arrives is of the newest term."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import looptime
from hypothesis import HealthCheck, given, settings, strategies
from support.candidates import Candidate, election

from kdasync.errors import KdasyncError

CUT, SILENT, STOPPED, LOST_ANSWER, KILLED = "cut", "silent", "stopped", "lost answer", "killed"
FAULT = strategies.tuples(
    strategies.floats(0, 25),  # seconds after the one before
    strategies.integers(0, 2),  # whom it hits
    strategies.sampled_from([CUT, SILENT, STOPPED, LOST_ANSWER, KILLED]),
    strategies.floats(0.1, 40),  # seconds that it lasts
)
OFFSETS = strategies.tuples(*[strategies.floats(0, 1e6)] * 3)


class Busy(Candidate):
    """Its work writes its term all the time; it notices a cancellation only while its process goes on."""

    async def work(self) -> None:
        self.leading = True
        try:
            while True:
                await self.sleep(0.7)
                await self.sign()
        except asyncio.CancelledError:
            await self.wire.going.wait()
            await self.sign()  # a process that goes on finishes its line before it hears of anything
            raise
        finally:
            self.leading = False

    async def sign(self) -> None:
        with suppress(KdasyncError):
            await self.note(f"{self.term:04}")


async def hit(one: Busy, fault: str, seconds: float) -> None:
    if fault == CUT:
        one.wire.sever()
        await asyncio.sleep(seconds)
        one.wire.mend()
    elif fault == SILENT:
        one.wire.silent = True
        await asyncio.sleep(seconds)
        one.wire.silent = False
    elif fault == STOPPED:
        one.wire.going.clear()
        await asyncio.sleep(seconds)
        one.wire.going.set()
    elif fault == LOST_ANSWER:
        one.wire.lose_next_answer_to("PUT")
    else:
        await one.kill()
        one.wire.mend()
        one.start()


class Eyes:
    """Looks at everybody five times a second; whoever is stopped does nothing, so it does not count."""

    def __init__(self, everybody: list[Busy]) -> None:
        self.everybody = everybody
        self.together: list[str] = []
        self.led: set[str] = set()

    async def look(self) -> None:
        while True:
            at_work = [one.name for one in self.everybody if one.leading and one.wire.going.is_set()]
            self.led.update(at_work)
            if len(at_work) > 1:
                self.together = at_work
            await asyncio.sleep(0.2)


async def story(faults: list[Any], offsets: tuple[float, ...]) -> tuple[Eyes, list[str], bool]:
    async with election() as found:
        everybody = [found.add(Busy(found.server, f"p{n}", found.settings, offset=offset)) for n, offset in enumerate(offsets)]
        for one in everybody:
            one.start()
        eyes = Eyes(everybody)
        looking = asyncio.create_task(eyes.look())
        hits = []
        for gap, whom, fault, seconds in faults:
            await asyncio.sleep(gap)
            hits.append(asyncio.create_task(hit(everybody[whom], fault, seconds)))
        await asyncio.gather(*hits)
        for one in everybody:
            one.wire.mend()
            one.wire.going.set()
            one.wire.silent = False
        await asyncio.sleep(40)
        notes, leads = found.notes(), any(one.leading for one in everybody)
        looking.cancel()
        return eyes, notes, leads


def told(faults: list[Any], offsets: tuple[float, ...]) -> tuple[Eyes, list[str], bool]:
    with asyncio.Runner(loop_factory=looptime.make_event_loop_class(asyncio.SelectorEventLoop)) as runner:
        return runner.run(story(faults, offsets))


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(strategies.lists(FAULT, max_size=8), OFFSETS)
def test_never_two(faults: list[Any], offsets: tuple[float, ...]) -> None:
    eyes, notes, leads = told(faults, offsets)
    assert eyes.together == []
    assert notes == sorted(notes)
    assert leads
    assert notes


def test_leadership_really_moves_in_these_stories() -> None:
    faults = [(20.0, who, fault, 30.0) for fault in (STOPPED, CUT, SILENT, KILLED) for who in (0, 1, 2)]
    eyes, notes, _ = told(faults, (0.0, 5e5, 3e3))
    assert eyes.together == []
    assert len(eyes.led) == 3
    assert len(set(notes)) >= 3
    assert notes == sorted(notes)
