"""What happened so far: the steps of the story, the state of each member, every transition. Pure; shown by `plain` or `live`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.reconcile.draft import Record
from kdasync.render.view import stateful_set_name
from statemachines.member import GONE


class Mark(Enum):
    """How a step stands."""

    WAITING = " "
    RUNNING = ">"
    PROVEN = "+"
    FAILED = "!"


class Line(msgspec.Struct):
    """One step: its title, how it stands, how long it took, and what proved it."""

    title: str
    mark: Mark = Mark.WAITING
    begun: float = 0
    seconds: float = 0
    evidence: str = ""


class Move(msgspec.Struct, frozen=True):
    """One transition. `subject` is a pod, or the cluster's name; `role` is empty for the cluster."""

    at: float
    subject: str
    role: str
    source: str
    trigger: str
    dest: str


class Member(msgspec.Struct, frozen=True):
    """A member's role and state, and since when."""

    role: str
    state: str
    since: float


class Board:
    """Collects. `clock` gives monotonic seconds; times on the board count from its making. `changed` is called after each change."""

    def __init__(self, titles: tuple[str, ...], *, clock: Callable[[], float]) -> None:
        self.steps = tuple(Line(title) for title in titles)
        self.members: dict[str, Member] = {}
        self.moves: list[Move] = []
        self.cluster = ""
        self.note = ""
        self.moved: Callable[[Move], None] = lambda _move: None
        self.stepped: Callable[[Line], None] = lambda _line: None
        self._clock = clock
        self._start = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._start

    def say(self, note: str) -> None:
        """What is being done before the story begins."""
        self.note = note
        self.stepped(Line(note, Mark.WAITING, self.elapsed))

    def begin(self, number: int) -> None:
        """A step begins."""
        line = self.steps[number]
        self.note = ""
        line.mark, line.begun = Mark.RUNNING, self.elapsed
        self.stepped(line)

    def end(self, number: int, evidence: str, *, proven: bool) -> None:
        """A step ended."""
        line = self.steps[number]
        line.mark = Mark.PROVEN if proven else Mark.FAILED
        line.seconds, line.evidence = self.elapsed - line.begun, evidence
        self.stepped(line)

    def empty(self) -> None:
        """The cluster and all its members are gone: what is deleted with its owner makes no transition of its own."""
        self.members.clear()
        self.cluster = GONE

    def listen(self, cluster: KubeDirectorCluster, record: Record) -> None:
        """The operator's listener."""
        edge = record.step.edge
        role = _role(cluster, record.member)
        subject = record.member or cluster.metadata.name
        move = Move(self.elapsed, subject, role, edge.source, edge.trigger, edge.dest)
        self.moves.append(move)
        if not record.member:
            self.cluster = edge.dest
        elif edge.dest == GONE:
            self.members.pop(record.member, None)
        else:
            self.members[record.member] = Member(role, edge.dest, move.at)
        self.moved(move)

    @property
    def proven(self) -> bool:
        """True if every step was."""
        return all(line.mark is Mark.PROVEN for line in self.steps)


def _role(cluster: KubeDirectorCluster, pod: str) -> str:
    """The role whose StatefulSet a pod belongs to."""
    owner = pod.rpartition("-")[0]
    for role in cluster.spec.roles:
        if owner and owner == stateful_set_name(cluster, role.id):
            return role.id
    return ""
