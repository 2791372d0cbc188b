"""One member in full: what is remembered of it, its pod and guest, and what its surroundings do. Booleans and small numbers only.

Why it is finite: times are `late` and `retry`, counters stop where nothing compares them any more, and identities are kept only as far
as somebody can compare them: a container or pod is the one that runs (`NOW`), the one that the operator still sees (`SEEN`), or one
that nobody will ever meet again (`PAST`).
"""

from __future__ import annotations

from typing import NamedTuple

from statemachines.member import PLANNED

NONE, NOW, SEEN, PAST = 0, 1, 2, 9

ABSENT, PENDING, INIT, NAMELESS, RUNNING, STOPPED, TERMINATING = range(7)
PHASES = ("absent", "pending", "init", "running without an id", "running", "stopped", "terminating")
WITH_ID = (RUNNING, STOPPED, TERMINATING)

PLAIN, SETUP, STORAGE, UNPACKAGED = range(4)
"""What the role asks for: nothing, a setup, a setup on storage; storage whose setup package was taken away by an edit of the app."""

NO_RUN, CONFIGURE, RECOVER, TELL = range(4)
"""What the ordered run does."""

IDLE, WORKS, WELL, FAILED, LOST, HANGS = range(6)
"""A script in the guest."""

NO_JOB, DELIVERS, LAUNCHED, ENDED = range(4)
"""What this process knows of the run."""

BLANK, OURS, FOREIGN, UNFINISHED, BROKEN = range(5)
"""What the files of the guest say about its setup."""

TOLD, UNTOLD, BEGUN = range(3)
"""What the peers know of a member that leaves."""


class Mem(NamedTuple):
    """What is remembered.

    Attributes:
        state: of the member machine.
        late: its time limit has passed.
        container, bound: identity of the container it was last set up in, and of the one that the run is for.
        run: what was ordered.
        attempts: 1 if no automatic retry is left.
        retry: 0 none, 1 planned, 2 due.
        bad: the last setup failed.
        announced, known (it has a configmeta), replace: as in `MemberMemory`.
        doomed: identity of the pod that is to be deleted.
    """

    state: str = PLANNED
    late: int = 0
    container: int = NONE
    bound: int = NONE
    run: int = NO_RUN
    attempts: int = 0
    retry: int = 0
    bad: int = 0
    announced: int = 0
    known: int = 0
    replace: int = 0
    doomed: int = NONE


class World(NamedTuple):
    """What is.

    Attributes:
        role: what the role asks for.
        phase: of the pod.
        view: phase that the operator sees if its picture is one step old, else -1; `view_pod`, `view_container`: NOW or SEEN.
        script: the ordered run in the guest; `lock`: an earlier one that still works or hangs there.
        job: what this process knows of the run.
        files: what the guest's files say.
        wanted: the spec has a place for the member.
        higher: a member with a higher ordinal stays.
        peers: what the peers know of its leaving.
        tell: there is something to tell it.
    """

    role: int = SETUP
    phase: int = ABSENT
    view: int = -1
    view_pod: int = NOW
    view_container: int = NOW
    script: int = IDLE
    lock: int = IDLE
    job: int = NO_JOB
    files: int = BLANK
    wanted: int = 1
    higher: int = 0
    peers: int = TOLD
    tell: int = 0


class Whole(NamedTuple):
    """Memory and world. A member that left and was forgotten has the state `gone`."""

    mem: Mem
    world: World


def seen_phase(world: World) -> int:
    """Phase of the pod in the operator's picture."""
    return world.phase if world.view < 0 else world.view


def seen_container(world: World) -> int:
    """Identity of the container in the operator's picture, `NONE` if it shows none."""
    return world.view_container if seen_phase(world) in WITH_ID else NONE


def seen_pod(world: World) -> int:
    """Identity of the pod in the operator's picture."""
    return world.view_pod if seen_phase(world) != ABSENT else NONE


def describe(whole: Whole) -> str:
    """One line for a person."""
    mem, world = whole
    run = ("no run", "configure", "recover", "tell")[mem.run]
    script = ("idle", "works", "well", "failed", "lost", "hangs")
    return (
        f"{mem.state}, {run}, pod {PHASES[world.phase]}, script {script[world.script]}, earlier script {script[world.lock]}, "
        f"retry {('none', 'planned', 'due')[mem.retry]}, wanted {bool(world.wanted)}"
    )
