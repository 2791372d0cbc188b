"""What the operator does with one member in a pass: facts as in `reconcile/facts.py`, operations as in `reconcile/ops.py`.

Each is written again here over small numbers; `conform.py` compares every single one, in every state that is reached, with the real
functions on real objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kdasync.explore.member_state import (
    BEGUN,
    BLANK,
    BROKEN,
    CONFIGURE,
    DELIVERS,
    ENDED,
    FAILED,
    FOREIGN,
    HANGS,
    IDLE,
    INIT,
    LOST,
    NO_JOB,
    NO_RUN,
    NONE,
    OURS,
    RECOVER,
    RUNNING,
    SETUP,
    STORAGE,
    TELL,
    TOLD,
    UNFINISHED,
    UNPACKAGED,
    UNTOLD,
    WELL,
    WORKS,
    Mem,
    Whole,
    World,
    seen_container,
    seen_phase,
    seen_pod,
)
from kdasync.explore.tabulate import Steps
from statemachines import role as roles
from statemachines.actions import Do, Op
from statemachines.machine import Edge
from statemachines.member import DRAINING, REMOVING, REPLACING
from statemachines.member import GONE as MEMBER_GONE

RETRIES = 1  # automatic retries of a setup, and of a notification, in the model: more change nothing but the length of a path
_ROUNDS = 8
_ORDERS = {Op.ATTEMPT, Op.PROBE, Op.UPDATE}


def _changed(mem: Mem, world: World) -> bool:
    bound = mem.bound if mem.run else mem.container
    return bound != NONE and seen_container(world) != bound


def _ended(mem: Mem, world: World) -> bool:
    return world.job == ENDED and mem.run != NO_RUN


def _done(mem: Mem, world: World) -> bool:
    return _ended(mem, world) and world.script == WELL and mem.run != RECOVER


def _failed(mem: Mem, world: World) -> bool:
    if mem.run == RECOVER:
        return _ended(mem, world) and world.files == BROKEN
    return _ended(mem, world) and world.script == FAILED


def _found(*files: int) -> Callable[[Mem, World], bool]:
    def found(mem: Mem, world: World) -> bool:
        return mem.run == RECOVER and _ended(mem, world) and world.script != LOST and world.files in files

    return found


def _leftovers_gone(mem: Mem, world: World) -> bool:
    pod = seen_pod(world)
    if mem.state == REMOVING and pod != NONE:
        return False
    return mem.state in (REMOVING, REPLACING) and (mem.doomed == NONE or mem.doomed != pod)


FACTS: dict[str, Callable[[Mem, World], bool]] = {
    "pod_seen": lambda _mem, world: seen_phase(world) != 0,
    "pod_gone": lambda _mem, world: seen_phase(world) == 0,
    "init_running": lambda _mem, world: seen_phase(world) == INIT,
    "container_running": lambda _mem, world: seen_phase(world) == RUNNING,
    "container_changed": _changed,
    "needs_setup": lambda _mem, world: world.role in (SETUP, STORAGE),
    "keeps_files": lambda mem, world: world.role in (STORAGE, UNPACKAGED) and bool(mem.known),
    "run_launched": lambda mem, world: mem.run != NO_RUN and world.job > DELIVERS and mem.run != RECOVER,
    "run_done": _done,
    "run_failed": _failed,
    "run_lost": lambda mem, world: _ended(mem, world) and world.script == LOST,
    "run_overdue": lambda mem, _world: bool(mem.late and mem.run),
    "recovered": _found(OURS),
    "unconfigured": _found(BLANK, UNFINISHED),
    "foreign": _found(FOREIGN),
    "retry_due": lambda mem, _world: mem.retry == 2,  # noqa: PLR2004 - see Mem
    "retry_left": lambda mem, _world: mem.attempts < RETRIES,
    "unwanted": lambda mem, world: bool(mem.replace or not world.wanted),
    "wanted": lambda mem, world: not (mem.replace or not world.wanted),
    "intact": lambda mem, _world: mem.container != NONE and not mem.bad,
    "announced": lambda mem, _world: bool(mem.announced),
    "begun": lambda _mem, world: world.peers == BEGUN,
    "peers_told": lambda mem, world: mem.state == DRAINING and world.peers == TOLD,
    "drain_overdue": lambda mem, _world: mem.state == DRAINING and bool(mem.late),
    "below_kept": lambda _mem, world: bool(world.higher),
    "update_due": lambda mem, world: mem.state in roles.AT_WORK and bool(mem.known and world.tell),
    "leftovers_gone": _leftovers_gone,
}


def _order(mem: Mem, world: World, run: int) -> tuple[Mem, World]:
    container = seen_container(world) if seen_phase(world) == RUNNING else NONE
    return mem._replace(run=run, bound=container, retry=0), world


def _settle(mem: Mem, world: World) -> tuple[Mem, World]:
    known = int(world.role in (SETUP, STORAGE))
    settled = mem._replace(run=NO_RUN, bound=NONE, container=mem.bound, known=known, attempts=0, retry=0, bad=0)
    return settled, world._replace(tell=0)


def _adopt(mem: Mem, world: World) -> tuple[Mem, World]:
    return mem._replace(run=NO_RUN, bound=NONE, container=mem.bound if mem.run else mem.container, attempts=0, bad=0), world


def _fail(mem: Mem, world: World) -> tuple[Mem, World]:
    known = 1 if _failed(mem, world) else mem.known
    after, world = _expire(mem, world)
    retry = 0 if _found(FOREIGN)(mem, world) else after.retry
    return after._replace(known=known, retry=retry), world


def _expire(mem: Mem, world: World) -> tuple[Mem, World]:
    container = mem.bound if mem.run else mem.container
    retry = 0 if mem.attempts >= RETRIES else 1
    return mem._replace(run=NO_RUN, bound=NONE, container=container, attempts=RETRIES, retry=retry, bad=1), world


def _told(mem: Mem, world: World) -> tuple[Mem, World]:
    return mem._replace(run=NO_RUN, bound=NONE, attempts=0, retry=0, bad=0), world._replace(tell=0)


def _delay(mem: Mem, world: World) -> tuple[Mem, World]:
    return mem._replace(run=NO_RUN, bound=NONE, attempts=RETRIES, retry=1, bad=0), world


def _leave(mem: Mem, world: World) -> tuple[Mem, World]:
    container = NONE if mem.run == CONFIGURE else mem.container
    return mem._replace(run=NO_RUN, bound=NONE, retry=0, container=container), world._replace(peers=UNTOLD)


def _update(mem: Mem, world: World) -> tuple[Mem, World]:
    return mem._replace(run=TELL, bound=mem.container, retry=0), world


OPS: dict[Op, Callable[[Mem, World], tuple[Mem, World]]] = {
    Op.ATTEMPT: lambda mem, world: _order(mem, world, CONFIGURE),
    Op.PROBE: lambda mem, world: _order(mem, world, RECOVER),
    Op.SETTLE: _settle,
    Op.ADOPT: _adopt,
    Op.FAIL: _fail,
    Op.EXPIRE: _expire,
    Op.RELEASE: lambda mem, world: (mem._replace(run=NO_RUN, bound=NONE, retry=0), world),
    Op.FORGET: lambda mem, world: (mem._replace(known=0), world),
    Op.UPDATE: _update,
    Op.TOLD: _told,
    Op.DELAY: _delay,
    Op.SKIP: _told,
    Op.LEAVE: _leave,
    Op.STAY: lambda mem, world: (mem, world._replace(peers=TOLD)),
    Op.MISSED: lambda mem, world: (mem._replace(bad=1), world),
}


class Fired(NamedTuple):
    """One step in a pass: the edge, and what held before it."""

    edge: Edge
    before: Whole


class Pass(NamedTuple):
    """What a pass does: where it ends, the steps, and whether a script that was dropped is to be stopped."""

    after: Whole
    steps: tuple[Fired, ...]
    stops: bool


def mask(steps: Steps, whole: Whole) -> int:
    """The facts that the state's edges look at, as bits."""
    mem, world = whole
    bits = 0
    for bit, name in enumerate(steps.facts[mem.state]):
        if FACTS[name](mem, world):
            bits |= 1 << bit
    return bits


def take(whole: Whole, edge: Edge) -> Whole:
    """Memory and world after one edge. A run that is dropped leaves its script behind, and what was known of it is void."""
    mem, world = whole
    for op in edge.emit:
        mem, world = OPS[op](mem, world)
    if whole.mem.run != NO_RUN and (mem.run == NO_RUN or _ORDERS & set(edge.emit)):
        lock = world.script if world.script in (WORKS, HANGS) else world.lock
        world = world._replace(script=IDLE, lock=lock, job=NO_JOB)
    return Whole(mem._replace(state=edge.dest, late=0), world)


def doom(whole: Whole) -> Whole:
    """Remember which pod is meant, before it is deleted."""
    mem, world = whole
    if mem.state == REPLACING and mem.doomed == NONE and seen_pod(world) != NONE:
        return Whole(mem._replace(doomed=seen_pod(world)), world)
    return whole


def stops_run(before: Mem, edge: Edge) -> bool:
    """True if the run that this edge drops is killed in its guest."""
    return before.run != NO_RUN and (Op.EXPIRE in edge.emit)


def operate(steps: Steps, whole: Whole) -> Pass:
    """One pass: step until at rest, plan anew what is gone, keep jobs only for what is ordered."""
    fired: list[Fired] = []
    stops = False
    for _ in range(_ROUNDS):
        edge = steps.edge(whole.mem.state, mask(steps, whole))
        if edge is None:
            break
        fired.append(Fired(edge, whole))
        stops = stops or stops_run(whole.mem, edge)
        whole = doom(take(whole, edge))
    whole = doom(whole)
    return Pass(_jobs(steps, _bury(whole)), tuple(fired), stops)


def _bury(whole: Whole) -> Whole:
    """A member that is gone makes room; a place that is wanted gets a new one."""
    mem, world = whole
    if mem.state != MEMBER_GONE:
        return whole
    world = world._replace(peers=TOLD, tell=0, job=NO_JOB, script=IDLE)  # jobs are of a node id, and that is never used again
    if not world.wanted:
        return Whole(Mem(state=MEMBER_GONE), world)
    files = FOREIGN if world.files != BLANK and world.role in (STORAGE, UNPACKAGED) else world.files
    return Whole(Mem(), world._replace(files=files))


def _jobs(steps: Steps, whole: Whole) -> Whole:
    """A job delivers what is ordered, where the state says so."""
    mem, world = whole
    wants = mem.run != NO_RUN and Do.RUN in steps.built.state[mem.state].do
    return Whole(mem, world._replace(job=max(world.job, DELIVERS))) if wants else whole
