"""One member, exhaustively: every situation that any order of faults, edits and events can lead to.

The operator's pass follows every move at once; that it may also come later is in the picture of the pod that may be old.
"""

from __future__ import annotations

from collections.abc import Iterator

from kdasync.explore.member_pass import Pass, operate
from kdasync.explore.member_state import (
    ABSENT,
    BLANK,
    BROKEN,
    NAMELESS,
    NOW,
    OURS,
    PAST,
    PLAIN,
    RECOVER,
    RUNNING,
    SETUP,
    STORAGE,
    UNFINISHED,
    Mem,
    Whole,
    World,
)
from kdasync.explore.member_world import Move, caught_up, happen, plain
from kdasync.explore.search import FAULT
from kdasync.explore.tabulate import Steps
from statemachines.member import CONFIG_ERROR, CONFIGURED, DRAINING, PLANNED, RECOVERING, REMOVING, RESTARTING, WAITING_POD

_PASSES = 6


def initial() -> Iterator[Whole]:
    """A member that is planned; and one that KubeDirector left behind, as `reconcile/load.py` takes it over."""
    for role in (PLAIN, SETUP, STORAGE):
        yield Whole(Mem(), World(role=role))
    for role in (SETUP, STORAGE):
        running = World(role=role, phase=RUNNING, files=OURS)
        for files in (BLANK, OURS, UNFINISHED, BROKEN):
            yield Whole(Mem(state=RECOVERING, run=RECOVER, bound=NOW, known=1), running._replace(files=files))
        for state in (WAITING_POD, RESTARTING, CONFIGURED, CONFIG_ERROR, DRAINING, REMOVING):
            bad = int(state == CONFIG_ERROR)
            for container in (NOW, PAST):
                yield Whole(Mem(state=state, container=container, announced=1, known=1, bad=bad), running)
        yield Whole(Mem(state=WAITING_POD, known=1), World(role=role, phase=NAMELESS, files=OURS))
        yield Whole(Mem(state=PLANNED, known=1), World(role=role, phase=ABSENT, files=OURS))


class Walker:
    """Moves of one member, each followed by the operator's passes until it is at rest; remembers every pass it took."""

    def __init__(self, steps: Steps, *, stale: bool) -> None:
        self.steps = steps
        self._stale = stale
        self.passes: dict[Whole, Pass] = {}
        self._rest: dict[Whole, Whole] = {}

    def moves(self, whole: Whole) -> Iterator[Move]:
        """Everything that may happen, and where it leads."""
        for label, cost, after in happen(whole, stale=self._stale):
            yield label, cost, self.rest(after)
            if self._drops_hanging(after):
                yield f"{label}; the operator is killed before it stops the script", FAULT, self.rest(after, stops=False)

    def rest(self, whole: Whole, *, stops: bool = True) -> Whole:
        """Where the operator's passes end."""
        known = self._rest.get(whole) if stops else None
        if known is not None:
            return known
        here = whole
        for _ in range(_PASSES):
            done = self._pass(here)
            after = done.after
            if done.stops and stops:
                after = Whole(after.mem, after.world._replace(lock=0))
            if after == here:
                break
            here = after
        if here.mem.state == DRAINING:
            here = caught_up(here)  # nothing looks at the pod of a member that drains
        here = plain(here)
        if stops:
            self._rest[whole] = here
        return here

    def _pass(self, whole: Whole) -> Pass:
        if whole not in self.passes:
            self.passes[whole] = operate(self.steps, whole)
        return self.passes[whole]

    def _drops_hanging(self, whole: Whole) -> bool:
        done = self._pass(whole)
        return done.stops and done.after.world.lock != 0
