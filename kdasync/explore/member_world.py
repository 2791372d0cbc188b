"""What may happen to one member: its pod, its guest, its user, its peers, the operator's process, the clock.

Moves that are `PROGRESS` happen sooner or later in a world without further faults and edits; the others may happen, or never do.
The operator's picture of the pod (`view`) may be old: the watch is behind, or nobody looked while the operator was away.
"""

from __future__ import annotations

from collections.abc import Iterator

from kdasync.explore.member_state import (
    ABSENT,
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
    LAUNCHED,
    LOST,
    NAMELESS,
    NO_JOB,
    NO_RUN,
    NOW,
    OURS,
    PAST,
    PENDING,
    RECOVER,
    RUNNING,
    SEEN,
    STOPPED,
    STORAGE,
    TERMINATING,
    TOLD,
    UNFINISHED,
    UNPACKAGED,
    UNTOLD,
    WELL,
    WORKS,
    Mem,
    Whole,
)
from kdasync.explore.search import EDIT, FAULT, PROGRESS
from statemachines import role as roles
from statemachines.member import (
    CONFIGURED,
    CONFIGURING,
    DRAINING,
    INITIALIZING,
    NOTIFYING,
    PREPARING,
    RECOVERING,
    REMOVING,
    REPLACING,
    RESTARTING,
    WAITING_POD,
)
from statemachines.member import GONE as MEMBER_GONE

Move = tuple[str, int, Whole]
_TIMED = (PREPARING, CONFIGURING, NOTIFYING, RECOVERING, DRAINING)
_TOLD_LATE = (ABSENT, RUNNING, STOPPED, TERMINATING)  # between the others an old picture changes nothing
_UP = {PENDING: INIT, INIT: NAMELESS, NAMELESS: RUNNING, STOPPED: RUNNING}


def happen(whole: Whole, *, stale: bool = True) -> Iterator[Move]:
    """Everything that may happen next, but the operator's pass."""
    yield from _watch(whole)
    yield from _pod(whole, stale=stale)
    yield from _guest(whole)
    yield from _time(whole)
    yield from _peers(whole)
    yield from _user(whole)
    yield from _process(whole)


def _process(whole: Whole) -> Iterator[Move]:
    """A new process knows what was committed and has no jobs. That a script was launched is folded: it may be unwritten yet."""
    mem, world = whole
    if world.job == NO_JOB:
        return
    yield "the operator is killed and started again", FAULT, _world(whole, job=NO_JOB)
    if mem.state == CONFIGURING:
        before = Whole(mem._replace(state=PREPARING, late=0), world._replace(job=NO_JOB))
        yield "the operator is killed before it wrote the launch down", FAULT, before


def _world(whole: Whole, **changes: int) -> Whole:
    return Whole(whole.mem, whole.world._replace(**changes))


def _watch(whole: Whole) -> Iterator[Move]:
    if whole.world.view >= 0:
        yield "the watch catches up", PROGRESS, caught_up(whole)


def caught_up(whole: Whole) -> Whole:
    """The operator's picture is that of now: what it saw before is past."""
    mem, world = whole
    if world.view < 0:
        return whole
    return Whole(_rename(mem, {SEEN: PAST}, {SEEN: PAST}), world._replace(view=-1, view_pod=NOW, view_container=NOW))


def _rename(mem: Mem, pods: dict[int, int], containers: dict[int, int]) -> Mem:
    return mem._replace(
        container=containers.get(mem.container, mem.container),
        bound=containers.get(mem.bound, mem.bound),
        doomed=pods.get(mem.doomed, mem.doomed),
    )


def _becomes(whole: Whole, phase: int, *, pod: bool = False, container: bool = False, stale: bool) -> Iterator[Whole]:
    """The pod changes (`pod`, `container`: into another one); the operator sees it at once, or not yet."""
    mem, world = whole
    fresh = pod or container
    away = SEEN if world.view < 0 else PAST
    view = world._replace(view=world.phase) if world.view < 0 else world
    if fresh:
        kept = world.files if world.role in (STORAGE, UNPACKAGED) else BLANK
        known = world.script if world.job == ENDED else IDLE  # an answer that came is not forgotten
        world = world._replace(script=known, lock=IDLE, files=kept)
    lagging = Whole(
        _rename(mem, {NOW: away} if pod else {}, {NOW: away} if fresh else {}),
        world._replace(
            phase=phase,
            view=view.view,
            view_pod=SEEN if pod else view.view_pod,
            view_container=SEEN if fresh else view.view_container,
        ),
    )
    yield caught_up(lagging)
    if stale and (mem.state != DRAINING or view.view != whole.world.phase) and lagging.world.view in _TOLD_LATE:
        yield lagging


def _pod(whole: Whole, *, stale: bool) -> Iterator[Move]:
    mem, world = whole
    covered = mem.state not in (REMOVING, MEMBER_GONE)
    phase = world.phase
    if phase == ABSENT and covered:
        yield from (("the pod is made", PROGRESS, after) for after in _becomes(whole, PENDING, pod=True, stale=stale))
    if phase == ABSENT and world.role == STORAGE and mem.known and world.files != FOREIGN:
        yield "the volume is exchanged for another member's", FAULT, _world(whole, files=FOREIGN)
        yield "the volume is lost", FAULT, _world(whole, files=BLANK)
    if phase in _UP:
        label = (
            "",
            "the init container starts",
            "the container starts",
            "the container gets its id",
            "",
            "the container starts again",
        )
        fresh = phase == STOPPED
        yield from ((label[phase], PROGRESS, after) for after in _becomes(whole, _UP[phase], container=fresh, stale=stale))
    if phase == RUNNING:
        yield from (("the container ends", FAULT, after) for after in _becomes(whole, STOPPED, stale=stale))
    if phase == TERMINATING:
        yield from (("the pod is gone", PROGRESS, after) for after in _becomes(whole, ABSENT, pod=True, stale=stale))
    if phase in (PENDING, INIT, NAMELESS, STOPPED):
        cost = PROGRESS if deletes(whole) or not covered else FAULT
        yield from (("the pod is deleted", cost, after) for after in _becomes(whole, ABSENT, pod=True, stale=stale))
    if phase == RUNNING:
        cost = PROGRESS if deletes(whole) or not covered else FAULT
        yield from (("the pod is being deleted", cost, after) for after in _becomes(whole, TERMINATING, stale=stale))


def deletes(whole: Whole) -> bool:
    """True if the operator asks for the deletion of the pod that is there now, by its identity."""
    mem, world = whole
    return mem.state == REPLACING and mem.doomed == NOW and world.phase != ABSENT


def _guest(whole: Whole) -> Iterator[Move]:
    world = whole.world
    if world.phase in (RUNNING, TERMINATING):
        yield from _delivery(whole)
        yield from _script(whole)
    if world.lock == WORKS:
        yield "the earlier script ends", PROGRESS, _world(whole, lock=IDLE)
        yield "the earlier script hangs", FAULT, _world(whole, lock=HANGS)


def _delivery(whole: Whole) -> Iterator[Move]:
    """The job reaches the guest: the claim makes a second delivery an attach; only the right container's answer counts."""
    mem, world = whole
    if world.job not in (DELIVERS, LAUNCHED) or mem.run == NO_RUN:
        return
    if mem.run == RECOVER:
        if mem.bound == NOW:
            yield "the guest is looked at", PROGRESS, _world(whole, job=ENDED, script=WELL)
    elif world.script == IDLE:
        if world.lock != IDLE:
            yield "the earlier script is stopped", PROGRESS, _world(whole, lock=IDLE)
        else:
            files = UNFINISHED if mem.run == CONFIGURE else world.files
            yield "the script starts", PROGRESS, _world(whole, job=LAUNCHED, script=WORKS, files=files)
            if mem.bound == NOW:
                yield "the guest lacks something", FAULT, _world(whole, job=ENDED, script=FAILED)
    elif world.script in (WORKS, HANGS):
        if world.job == DELIVERS:
            yield "the job attaches to the script", PROGRESS, _world(whole, job=LAUNCHED)
    elif mem.bound == NOW:
        yield "the end of the script is seen", PROGRESS, _world(whole, job=ENDED)


def _script(whole: Whole) -> Iterator[Move]:
    mem, world = whole
    if world.script != WORKS:
        return
    setup = mem.run == CONFIGURE
    yield "the script succeeds", PROGRESS, _world(whole, script=WELL, files=OURS if setup else world.files)
    yield "the script fails", FAULT, _world(whole, script=FAILED, files=BROKEN if setup else world.files)
    yield "the script is killed", FAULT, _world(whole, script=LOST)
    yield "the script hangs", FAULT, _world(whole, script=HANGS)


def _time(whole: Whole) -> Iterator[Move]:
    mem = whole.mem
    if mem.state in _TIMED and not mem.late:
        yield "the time limit passes", PROGRESS, Whole(mem._replace(late=1), whole.world)
    if mem.retry == 1:
        yield "the delay is over", PROGRESS, Whole(mem._replace(retry=2), whole.world)


def _peers(whole: Whole) -> Iterator[Move]:
    mem, world = whole
    if mem.state in roles.AT_WORK and not mem.announced:
        yield "it is announced", PROGRESS, Whole(mem._replace(announced=1), world)
    if mem.state == DRAINING and world.peers == UNTOLD:
        yield "a peer begins to hear that it leaves", PROGRESS, _world(whole, peers=BEGUN)
    if mem.state == DRAINING and world.peers != TOLD:
        yield "every peer has heard that it leaves", PROGRESS, _world(whole, peers=TOLD)
    if mem.state in roles.AT_WORK and mem.known and not world.tell:
        yield "there is something to tell it", EDIT, _world(whole, tell=1)


def _user(whole: Whole) -> Iterator[Move]:
    mem, world = whole
    leaves = mem.state in (DRAINING, REMOVING)
    label = f"the spec {'drops' if world.wanted else 'wants'} the place"
    for higher in (0, 1):
        yield label, EDIT, _world(whole, wanted=1 - world.wanted, higher=higher)
        if not mem.replace and mem.state not in (*roles.LEAVING, MEMBER_GONE):
            yield "the user asks for a replacement", EDIT, Whole(mem._replace(replace=1), world._replace(higher=higher))
    if leaves:
        yield f"a higher member {'leaves' if world.higher else 'stays'}", EDIT, _world(whole, higher=1 - world.higher)
    if mem.state in roles.FAILED or (mem.state == CONFIGURED and mem.retry != 2):  # noqa: PLR2004 - see Mem
        yield "the user asks for a retry", EDIT, Whole(mem._replace(retry=2, attempts=0), world)
    if world.role == STORAGE and mem.known and mem.state in (RESTARTING, WAITING_POD, INITIALIZING):
        yield "the app loses its setup package", EDIT, _world(whole, role=UNPACKAGED)


def plain(whole: Whole) -> Whole:
    """The same situation without what cannot matter any more."""
    mem, world = whole
    if not (mem.state in (DRAINING, REMOVING) or mem.replace or not world.wanted):
        world = world._replace(higher=0)
    if mem.state not in roles.AT_WORK:
        world = world._replace(tell=0)
    if mem.state != DRAINING:
        world = world._replace(peers=TOLD)
    if world.role not in (STORAGE, UNPACKAGED) and world.files != OURS:
        world = world._replace(files=BLANK)
    if mem.run == NO_RUN:
        world = world._replace(script=IDLE, job=NO_JOB)
    if mem.state in (REMOVING, REPLACING, MEMBER_GONE):
        files = world.files if world.files in (BLANK, FOREIGN) else UNFINISHED
        mem = Mem(state=mem.state, doomed=mem.doomed, announced=mem.announced)
        world = world._replace(lock=IDLE, files=files)
    return Whole(mem, world)
