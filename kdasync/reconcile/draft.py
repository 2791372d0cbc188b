"""The working copy of a cluster's memory during one pass. Pure: nothing outside sees it before the pass is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.api.memory import LogEntry, MemberMemory, Memory
from kdasync.settings import Settings
from statemachines import role as roles
from statemachines.machine import Step
from statemachines.member import GONE
from statemachines.role import Place


class Record(msgspec.Struct, frozen=True):
    """One step, for journal, metrics and events. `member` is a pod name, empty for the cluster machine.

    Attributes:
        lasted: how many seconds the state that was left had lasted.
        facts: the facts that held.
        reason, detail: of a failure.
    """

    member: str
    step: Step
    lasted: float
    facts: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""


class Chance(msgspec.Struct, frozen=True):
    """Randomness, injected: `jitter` gives a number in [0, 1), `token` a fresh auth token (32 hex digits)."""

    jitter: Callable[[], float]
    token: Callable[[], str]


class RoleFacts(msgspec.Struct, frozen=True):
    """Shared by the members of a role: computed once per change, not once per member.

    `held` and `highest_kept` as in `statemachines/role.py`; `first` is the node id of the lowest member at work, 0 if none is.
    """

    target: int
    held: int | None
    highest_kept: int
    first: int


def _hearing(member: MemberMemory) -> tuple[object, ...]:
    """What decides whether a member still has to be told something."""
    return (member.state in roles.AT_WORK, member.told, member.run, member.setup_epoch)


class Draft:
    """Members by node id, kept in the order of (role in the spec, ordinal); every change goes through here."""

    def __init__(self, memory: Memory, *, now: float, settings: Settings, chance: Chance) -> None:
        self.memory = memory
        self.now = now
        self.settings = settings
        self.chance = chance
        self.members: dict[int, MemberMemory] = {member.node_id: member for member in memory.members}
        self._log: list[LogEntry] = list(memory.log)
        self._facts: dict[str, RoleFacts] = {}
        self.untold: frozenset[int] | None = None
        self.records: list[Record] = []
        self.urgent = False

    def update(self, member: MemberMemory, **changes: Any) -> MemberMemory:
        """Replace fields of a member; returns the new value."""
        changed = msgspec.structs.replace(member, **changes)
        self.members[member.node_id] = changed
        if (changed.state, changed.replace) != (member.state, member.replace):
            self._facts.pop(member.role, None)
        if _hearing(changed) != _hearing(member):
            self.untold = None
        return changed

    def add(self, member: MemberMemory) -> None:
        """A new member."""
        self.members[member.node_id] = member
        self._facts.pop(member.role, None)

    def bury(self) -> None:
        """Members that are gone leave, and with them their places."""
        for node_id in [node_id for node_id, member in self.members.items() if member.state == GONE]:
            self._facts.pop(self.members.pop(node_id).role, None)

    @property
    def log(self) -> list[LogEntry]:
        """The membership log."""
        return self._log

    @log.setter
    def log(self, entries: list[LogEntry]) -> None:
        self._log = entries
        self.untold = None

    def role(self, role: str, target: int) -> RoleFacts:
        """What all members of a role have in common now; `target` is how many are wanted."""
        known = self._facts.get(role)
        if known is None or known.target != target:
            places = self.places(role)
            first = next((member.node_id for member in self.of_role(role) if member.state in roles.AT_WORK), 0)
            known = RoleFacts(target, roles.held(places, target), roles.highest_kept(places), first)
            self._facts[role] = known
        return known

    def set(self, **changes: Any) -> None:
        """Replace fields of the cluster's memory."""
        self.memory = msgspec.structs.replace(self.memory, **changes)

    def commit_number(self) -> int:
        """A new commit number; whatever carries it must be acknowledged before it is acted upon."""
        self.urgent = True
        self.set(commit=self.memory.commit + 1)
        return self.memory.commit

    def append(self, op: str, member: MemberMemory, *, pod: str, epoch: int) -> None:
        """Log a change of membership."""
        self.urgent = True
        self.set(seq=self.memory.seq + 1)
        self.untold = None
        self._log.append(LogEntry(seq=self.memory.seq, op=op, node_id=member.node_id, role=member.role, pod=pod, epoch=epoch))

    def of_role(self, role: str) -> list[MemberMemory]:
        """Members of a role by ordinal."""
        return sorted((member for member in self.members.values() if member.role == role), key=lambda member: member.ordinal)

    def places(self, role: str) -> list[Place]:
        """What the role functions look at."""
        return [Place(member.ordinal, member.state, member.replace) for member in self.of_role(role)]

    def at_work(self) -> list[MemberMemory]:
        """Members that can hear a notification."""
        return [member for member in self.members.values() if member.state in roles.AT_WORK]

    def finish(self, log: list[LogEntry]) -> Memory:
        """The new memory."""
        return msgspec.structs.replace(self.memory, members=list(self.members.values()), log=log)
