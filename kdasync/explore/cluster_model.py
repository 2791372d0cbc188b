"""A cluster over classes of members: roles side by side, the cluster's own machine, at most two faults and two edits on a path.

The operator's pass follows every move, as in `reconcile/decide.py`: cluster, members, announcements, those whose peers were told, cluster
again. Roles of one app differ only by name, so that two clusters with the same roles in another order are the same. Roles are numbered
as they are found; a cluster is a few small numbers, and what a pass makes of a combination of roles is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kdasync.explore.role_model import Moved, Role, RoleModel, announce, begin, happen, hear, places
from kdasync.explore.search import EDIT, FAULT, PROGRESS
from kdasync.explore.tabulate import Steps
from statemachines import role as roles
from statemachines.cluster import CONFIGURED, DEGRADED, DELETING, GONE, NEW
from statemachines.member import CONFIGURED as AT_REST
from statemachines.member import NOTIFYING, REMOVING

BUDGET = 2
_ROUNDS = 8

Roles = tuple[int, ...]


class Cluster(NamedTuple):
    """A cluster; `faults` and `edits` are what is left; `deleted`: 1 asked for, 2 released; `broken`: the rule that was broken."""

    state: str
    roles: Roles
    faults: int = BUDGET
    edits: int = BUDGET
    deleted: int = 0
    accepted: int = 1
    broken: str = ""


class Traits(NamedTuple):
    """What the cluster must know of a role.

    Attributes:
        hears: some member has something left to hear.
        settled, failing: as in `reconcile/facts.py`.
        held: a failed member that stays holds back the shrink; its remedy is said.
        broken: a rule that the role breaks.
    """

    hears: bool
    settled: bool
    failing: bool
    held: bool
    broken: str


class ClusterModel:
    """The moves of a cluster. `most`: members of a full role; `full`: as in `happen`; `total`: faults and edits together."""

    def __init__(self, member: Steps, cluster: Steps, *, most: int, full: bool = False, total: int = 2 * BUDGET) -> None:
        self._least = 2 * BUDGET - total
        self.role = RoleModel(member)
        self.steps = cluster
        self._most = most
        self._full = full
        self._numbers: dict[Role, int] = {}
        self.known: list[Role] = []
        self._traits: list[Traits] = []
        self._moves: dict[int, tuple[tuple[str, int, int], ...]] = {}
        self._acts: dict[tuple[int, bool], tuple[int, bool, str]] = {}
        self._hears: dict[int, tuple[int, bool]] = {}
        self._begins: dict[int, int] = {}
        self._after: dict[tuple[str, Roles, bool], Cluster] = {}
        self._rest: dict[tuple[Roles, bool], tuple[Roles, str]] = {}

    def initial(self, count: int) -> Iterator[Cluster]:
        """New clusters: all roles full, or one of them smaller; and one whose app does not exist yet."""
        full = self._number(Role(self._most))
        less = self._number(Role(self._most - 1))
        new = Cluster(NEW, (full,) * count)
        yield self.operate(new)
        yield self.operate(new._replace(roles=(less, *(full,) * (count - 1))))
        yield self.operate(new._replace(accepted=0))

    def moves(self, cluster: Cluster) -> Iterator[tuple[str, int, Cluster]]:
        """Everything that may happen, and where it leads."""
        if cluster.broken or cluster.state == GONE:
            return
        if cluster.deleted:
            yield "the finalizer is taken off", PROGRESS, self.operate(cluster._replace(deleted=2))
            return
        if cluster.edits and cluster.faults + cluster.edits > self._least:
            yield "the user deletes the cluster", EDIT, self.operate(cluster._replace(roles=(), edits=0, faults=0, deleted=1))
        if not cluster.accepted:
            yield "the app is created", PROGRESS, self.operate(cluster._replace(accepted=1))
            return
        yield from self._role_moves(cluster)

    def _role_moves(self, cluster: Cluster) -> Iterator[tuple[str, int, Cluster]]:
        state, found, faults, edits, *_ = cluster
        last = -1
        for place, role in enumerate(found):
            if role == last:
                continue
            last = role
            for label, cost, after in self._possible(role):
                left, changes = faults - (cost == FAULT), edits - (cost == EDIT)
                if left >= 0 and changes >= 0 and left + changes >= self._least:
                    moved = (*found[:place], after, *found[place + 1 :])
                    yield label, cost, self._next(state, moved, left, changes)

    def _next(self, state: str, found: Roles, faults: int, edits: int) -> Cluster:
        """As `operate`, for a cluster that lives: what comes of state and roles is found out once."""
        key = (state, found, self._spent(faults, edits))
        known = self._after.get(key)
        if known is None:
            known = self._after[key] = self.operate(Cluster(state, found, faults, edits))
        return Cluster(known.state, known.roles, faults, edits, 0, 1, known.broken)

    def _possible(self, number: int) -> tuple[tuple[str, int, int], ...]:
        known = self._moves.get(number)
        if known is None:
            role = self.known[number]
            sizes = sorted({0, 1, self._most} - {role.target})
            edits = [Moved(f"the user wants {size}, not {role.target}", EDIT, role._replace(target=size)) for size in sizes]
            moves = [*happen(role, full=self._full), *edits]
            name = f"role {[member.state for member in role.members]} of {role.target}: "
            known = tuple((name + moved.label, moved.cost, self._number(moved.role)) for moved in moves)
            self._moves[number] = known
        return known

    def _number(self, role: Role) -> int:
        number = self._numbers.get(role)
        if number is None:
            number = self._numbers[role] = len(self.known)
            self.known.append(role)
            self._traits.append(traits(role))
        return number

    def _spent(self, faults: int, edits: int) -> bool:
        """True once something was edited or went wrong: from then on there may be something to tell."""
        return faults < BUDGET or edits < BUDGET

    def operate(self, cluster: Cluster) -> Cluster:
        """The operator's passes, until nothing changes."""
        state = self._cluster(cluster)
        if state in (NEW, DELETING, GONE):
            return cluster._replace(state=state)
        found, broken = self.rest(cluster.roles, edited=self._spent(cluster.faults, cluster.edits))
        cluster = cluster._replace(state=state, roles=found, broken=broken)
        return cluster._replace(state=self._cluster(cluster))

    def rest(self, found: Roles, *, edited: bool) -> tuple[Roles, str]:
        """Roles after the passes, in order, and the rule that was broken on the way."""
        key = (tuple(sorted(found)), edited)
        known = self._rest.get(key)
        if known is None:
            here, broken = key[0], ""
            for _ in range(_ROUNDS):
                after, complaint = self._pass(here, edited=edited)
                broken = broken or complaint
                if after == here:
                    break
                here = after
            here = tuple(sorted(here))
            broken = broken or next((self._traits[number].broken for number in here if self._traits[number].broken), "")
            known = self._rest[key] = (here, broken)
        return known

    def _pass(self, found: Roles, *, edited: bool) -> tuple[Roles, str]:
        told = not any(self._traits[number].hears for number in found)
        acted = [self._act(number, False) for number in found]
        broken = acted[0][2] or acted[-1][2] or next((done[2] for done in acted if done[2]), "")
        if edited and any(done[1] for done in acted):
            heard = [self._hear(done[0]) for done in acted]
            begins = any(starts for _, starts in heard)
            return tuple([self._begin(number) if begins else number for number, _ in heard]), broken
        if told:
            acted = [self._act(done[0], True) for done in acted]
            broken = next((done[2] for done in acted if done[2]), broken)
        return tuple([done[0] for done in acted]), broken

    def _act(self, number: int, told: bool) -> tuple[int, bool, str]:
        """The role after the pass and its announcements, whether peers have something to hear, and a rule that was broken."""
        known = self._acts.get((number, told))
        if known is None:
            done = self.role.act(self.known[number], told=told)
            role, news = announce(done.role)
            known = self._acts[number, told] = (self._number(role), done.changed or news, done.broken)
        return known

    def _hear(self, number: int) -> tuple[int, bool]:
        known = self._hears.get(number)
        if known is None:
            role, begins = hear(self.known[number])
            known = self._hears[number] = (self._number(role), begins)
        return known

    def _begin(self, number: int) -> int:
        known = self._begins.get(number)
        if known is None:
            known = self._begins[number] = self._number(begin(self.known[number]))
        return known

    def _cluster(self, cluster: Cluster) -> str:
        """The cluster machine, until it rests."""
        state = cluster.state
        for _ in range(_ROUNDS):
            known = self._facts(cluster, state)
            bits = 0
            for bit, name in enumerate(self.steps.facts[state]):
                bits |= known[name] << bit
            edge = self.steps.edge(state, bits)
            if edge is None:
                break
            state = edge.dest
        return state

    def _facts(self, cluster: Cluster, state: str) -> dict[str, bool]:
        seen = [self._traits[number] for number in cluster.roles]
        settled = state != NEW and all(trait.settled for trait in seen)
        failing = any(trait.failing for trait in seen)
        return {
            "accepted": bool(cluster.accepted),
            "delete_requested": bool(cluster.deleted),
            "settled": settled,
            "unsettled": not settled,
            "failing": failing,
            "healthy": not failing,
            "released": cluster.deleted > 1,
        }

    def weigh(self, cluster: Cluster) -> tuple[object, tuple[int, int]]:
        """What a cluster is, and what is left of its budget."""
        state, found, faults, edits, deleted, accepted, broken = cluster
        edited = self._spent(faults, edits)
        return (state, found, edited, deleted, accepted, broken), (faults, edits)

    def at_rest(self, cluster: Cluster) -> bool:
        """The goal: the wanted members, each at work or failed with its remedy said, nothing to tell; or deleted."""
        if cluster.state == GONE:
            return True
        if cluster.deleted or not cluster.accepted:
            return False
        seen = [self._traits[number] for number in cluster.roles]
        if all(trait.settled for trait in seen):
            return cluster.state == (DEGRADED if any(trait.failing for trait in seen) else CONFIGURED)
        return cluster.state not in (CONFIGURED, DEGRADED) and all(trait.settled or trait.held for trait in seen)


def traits(role: Role) -> Traits:
    """What the cluster must know of a role, from its members."""
    count = roles.replicas(places(role))
    ordinals = [member.ordinal for member in role.members]
    rest = all(member.state == AT_REST or member.state in roles.FAILED for member in role.members)
    holder = roles.held(places(role), role.target)
    cut = any(member.ordinal >= count and member.state != REMOVING for member in role.members)
    double = len(set(ordinals)) != len(ordinals)
    return Traits(
        hears=any(member.state == NOTIFYING for member in role.members),
        settled=rest and len(role.members) == role.target,
        failing=any(member.state in roles.FAILED or member.missed or member.down for member in role.members),
        held=rest and holder is not None and not any(member.down for member in role.members),
        broken="replicas_never_cut_off_a_member_that_stays" if cut else "one_member_at_an_ordinal" if double else "",
    )
