"""One role over classes of members: what the operator does with it, and what may happen to it. Answers are kept, so each is found once.

A class is a state of the member machine that others can tell apart: everything on the first way up is `planned`, everything on a later
one `restarting`; what a single container goes through in between is walked in full by the one-member model, and
`classes.py` checks that every step there is a step here. A role is what its members' facts depend on: its target and its members by
ordinal. Which member leaves is decided by the real functions of `statemachines/role.py`, what it does by the member's table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kdasync.explore.search import EDIT, FAULT, PROGRESS
from kdasync.explore.tabulate import Steps
from statemachines import role as roles
from statemachines.actions import Op
from statemachines.machine import Edge
from statemachines.member import (
    CONFIG_ERROR,
    CONFIGURED,
    DRAINING,
    NOTIFYING,
    PLANNED,
    REMOVING,
    REPLACING,
    RESTARTING,
)

SOUND, SHAKEN = range(2)
"""What a draining member was before: at work, or on its way back to it."""

_ROUNDS = 8


class Member(NamedTuple):
    """A member of a class.

    Attributes:
        late: planned and overdue; draining and overdue.
        more: notifying: there is more to tell afterwards.
        down: at work without a running container.
        missed: at work: a notification was given up.
        begun: draining: a peer has begun to hear.
        was: draining: what it was before.
    """

    ordinal: int
    state: str = PLANNED
    announced: int = 0
    late: int = 0
    more: int = 0
    down: int = 0
    missed: int = 0
    begun: int = 0
    was: int = SOUND
    replace: int = 0


class Role(NamedTuple):
    """Members by ordinal, and how many are wanted."""

    target: int
    members: tuple[Member, ...] = ()


class Acted(NamedTuple):
    """What a pass made of a role: `changed` if its membership did, so that peers have something to hear."""

    role: Role
    changed: bool = False
    broken: str = ""


class Moved(NamedTuple):
    """A move of a role."""

    label: str
    cost: int
    role: Role


def places(role: Role) -> list[roles.Place]:
    """What the role functions look at."""
    return [roles.Place(member.ordinal, member.state, bool(member.replace)) for member in role.members]


def put(role: Role, member: Member) -> Role:
    """The role with that member in its place."""
    return role._replace(members=tuple(member if old.ordinal == member.ordinal else old for old in role.members))


class RoleModel:
    """The operator's part for one role. `told`: no peer has anything left to hear."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self._acted: dict[tuple[Role, bool], Acted] = {}

    def act(self, role: Role, *, told: bool) -> Acted:
        """One pass over the role: step all members until they rest, then plan vacant places."""
        known = self._acted.get((role, told))
        if known is None:
            known = self._acted[role, told] = self._act(role, told=told)
        return known

    def _act(self, role: Role, *, told: bool) -> Acted:
        acted = Acted(role)
        for _ in range(_ROUNDS):
            before = acted.role
            for ordinal in [member.ordinal for member in before.members]:
                acted = self._step(acted, ordinal, told=told)
            if acted.role == before:
                break
        return plan(acted)

    def _step(self, acted: Acted, ordinal: int, *, told: bool) -> Acted:
        role = acted.role
        member = next(member for member in role.members if member.ordinal == ordinal)
        bits = 0
        known = facts(role, member, told=told)
        for bit, name in enumerate(self.steps.facts[member.state]):
            bits |= known.get(name, False) << bit
        edge = self.steps.edge(member.state, bits)
        if edge is None:
            return acted
        after, changed = take(member, edge)
        broken = acted.broken or complaint(role, member, edge, told=told)
        return Acted(put(role, after), acted.changed or changed, broken)


def facts(role: Role, member: Member, *, told: bool) -> dict[str, bool]:
    """The facts that a class shows; those of a single container are false here: its moves are the world's."""
    leaves = roles.unwanted(_place(member), role.target, roles.held(places(role), role.target))
    return {
        "unwanted": leaves,
        "wanted": not leaves,
        "announced": bool(member.announced),
        "below_kept": roles.highest_kept(places(role)) > member.ordinal,
        "begun": bool(member.begun),
        "intact": member.was == SOUND,
        "peers_told": told,
        "drain_overdue": bool(member.late),
    }


def _place(member: Member) -> roles.Place:
    return roles.Place(member.ordinal, member.state, bool(member.replace))


def take(member: Member, edge: Edge) -> tuple[Member, bool]:
    """The member after an edge, and whether peers have something to hear."""
    ordinal, replace = member.ordinal, member.replace
    if edge.dest == DRAINING:
        was = SOUND if member.state in roles.AT_WORK else SHAKEN
        return Member(ordinal, DRAINING, announced=1, was=was, missed=member.missed, replace=replace), True
    if Op.STAY in edge.emit:
        return Member(ordinal, CONFIGURED if edge.dest == CONFIGURED else RESTARTING, announced=1, missed=member.missed), False
    return Member(ordinal, edge.dest), not member.announced


def plan(acted: Acted) -> Acted:
    """New members for vacant places."""
    role = acted.role
    vacant = roles.vacant(places(role), role.target)
    if not vacant:
        return acted
    members = sorted((*role.members, *(Member(ordinal) for ordinal in vacant)))
    return acted._replace(role=role._replace(members=tuple(members)), changed=True)


def complaint(role: Role, member: Member, edge: Edge, *, told: bool) -> str:
    """Which rule a step breaks, empty if none."""
    leaving = edge.dest in roles.LEAVING and member.state not in roles.LEAVING
    if edge.dest in (REMOVING, REPLACING) and member.announced and member.state not in roles.LEAVING:
        return "a_known_member_leaves_only_after_its_peers_were_told"
    if member.state == DRAINING and edge.dest in (REMOVING, REPLACING) and not (told or (member.late and Op.MISSED in edge.emit)):
        return "a_known_member_leaves_only_after_its_peers_were_told"
    if Op.STAY in edge.emit and member.begun:
        return "what_began_is_not_taken_back"
    if leaving and not member.replace and member.ordinal < role.target:
        return "only_a_user_makes_a_member_leave"
    if leaving and not member.replace and member.state in roles.AT_WORK and role.target and _lower_down(role):
        return "a_healthy_tail_stays_while_a_lower_member_is_down"
    return ""


def _lower_down(role: Role) -> bool:
    return any(lower.ordinal < role.target and lower.state not in roles.AT_WORK and not lower.replace for lower in role.members)


def hear(role: Role) -> tuple[Role, bool]:
    """Something is to be told: who is free begins to hear, who is busy hears more afterwards."""
    begins = False
    members = []
    for member in role.members:
        if member.state == CONFIGURED and member.announced:
            begins = True
            members.append(member._replace(state=NOTIFYING, down=0))
        else:
            members.append(member._replace(more=1) if member.state == NOTIFYING else member)
    return role._replace(members=tuple(members)), begins


def begin(role: Role) -> Role:
    """A peer has begun to hear: there is no way back for those that leave."""
    members = (member._replace(begun=1, was=SOUND) if member.state == DRAINING else member for member in role.members)
    return role._replace(members=tuple(members))


def announce(role: Role) -> tuple[Role, bool]:
    """New members are announced once none of the role is on its first way up, as `decide._announce` does."""
    if any(member.state == PLANNED and not member.late for member in role.members):
        return role, False
    new = [member for member in role.members if member.state in roles.AT_WORK and not member.announced]
    for member in new:
        role = put(role, member._replace(announced=1))
    return role, bool(new)


def happen(role: Role, *, full: bool) -> Iterator[Moved]:
    """What may happen to the members of a role. Those that hear are alike in that: they hear together, and the first may miss it.

    Unless `full`, only the lowest member is replaced on request, and a container that ended is back as a restart: the difference is for
    the cluster's string alone, and the small cluster shows it.
    """
    hearing = [member for member in role.members if member.state == NOTIFYING]
    if hearing:
        yield Moved("those that hear have heard", PROGRESS, role._replace(members=tuple(map(_heard, role.members))))
        missed = hearing[0]._replace(state=CONFIGURED, missed=1, more=0)
        yield Moved(f"the notification is given up ({missed.ordinal})", FAULT, put(role, missed))
    for member in role.members:
        for label, cost, after in _one(role, member, full=full):
            name = f"{label} ({member.ordinal})"
            if after is None:
                rest = tuple(other for other in role.members if other.ordinal != member.ordinal)
                yield Moved(name, cost, role._replace(members=rest))
            else:
                yield Moved(name, cost, put(role, after))
        if not member.replace and member.state not in roles.LEAVING and (full or member.ordinal == 0):
            yield Moved(f"the user asks for a replacement ({member.ordinal})", EDIT, put(role, member._replace(replace=1)))


def _heard(member: Member) -> Member:
    if member.state != NOTIFYING:
        return member
    return member._replace(state=NOTIFYING if member.more else CONFIGURED, more=0)


def _one(role: Role, member: Member, *, full: bool) -> Iterator[tuple[str, int, Member | None]]:
    state = member.state
    if state in (PLANNED, RESTARTING):
        yield "it comes up", PROGRESS, Member(member.ordinal, CONFIGURED, announced=member.announced)
        yield "its setup fails for good", FAULT, member._replace(state=CONFIG_ERROR, late=0)
    if state == PLANNED and not member.late:
        yield "it has no pod in time", FAULT, member._replace(late=1)
    if state == CONFIG_ERROR:
        again = RESTARTING if member.announced else PLANNED
        yield "the user asks for another try", EDIT, member._replace(state=again)
    if state == CONFIGURED and not member.down:
        restarts = Member(member.ordinal, RESTARTING, announced=member.announced)
        yield "its container ends", FAULT, member._replace(down=1) if full else restarts
    if member.down:
        yield "its container runs again, without a setup", PROGRESS, member._replace(down=0)
        yield "its container runs again", PROGRESS, Member(member.ordinal, RESTARTING, announced=member.announced)
    if state == DRAINING and not member.late:
        yield "its drain deadline passes", FAULT, member._replace(late=1)
    if state == REPLACING or (state == REMOVING and member.ordinal >= roles.replicas(places(role))):
        yield "its pod is gone", PROGRESS, None
