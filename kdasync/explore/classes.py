"""Is a class of members a fair picture of one? Every step of the one-member walk must be a step of its class, edge by edge.

Both are looked at as somebody else sees a member: on its way up, at work, failed, draining, on its way out, gone, and known to its
peers or not. A step of the one-member walk that no class takes would be a life that the clusters' walk never sees.
"""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.explore.cluster_model import Cluster, ClusterModel
from kdasync.explore.search import walk
from statemachines import role as roles
from statemachines.member import DRAINING
from statemachines.member import GONE as MEMBER_GONE

Pair = tuple[str, str]


def face(state: str, announced: int) -> str:
    """What others see of a member."""
    if state == MEMBER_GONE:
        return "gone"
    if state == DRAINING:
        return "draining"
    if state in roles.LEAVING:
        return "on its way out"
    known = "known, " if announced else ""
    if state in roles.AT_WORK:
        return known + "at work"
    return known + ("failed" if state in roles.FAILED else "on its way up")


def class_steps(model: ClusterModel, count: int) -> set[Pair]:
    """Every step that a class takes in a cluster of `count` roles."""
    found: set[Pair] = set()

    def watched(cluster: Cluster) -> Iterable[tuple[str, int, Cluster]]:
        for label, cost, after in model.moves(cluster):
            found.update(_pairs(model, cluster, after))
            yield label, cost, after

    walk(model.initial(count), watched)
    return found


def _pairs(model: ClusterModel, before: Cluster, after: Cluster) -> set[Pair]:
    """Steps of the members of one role; roles in another order are left out, since they are another's steps."""
    if len(before.roles) != 1 or len(after.roles) != 1:
        return set()
    old = {member.ordinal: face(member.state, member.announced) for member in model.known[before.roles[0]].members}
    new = {member.ordinal: face(member.state, member.announced) for member in model.known[after.roles[0]].members}
    return {(old.get(ordinal, "gone"), new.get(ordinal, "gone")) for ordinal in {*old, *new}}


def in_a_row(steps: set[Pair]) -> set[Pair]:
    """Steps, and up to three of them in a row: one pass may take several where the classes' world waits in between."""
    reach = set(steps)
    for _ in range(2):
        reach |= {(one, four) for one, two in reach for three, four in steps if two == three}
    return reach


def unseen(member: set[Pair], classes: set[Pair]) -> list[str]:
    """Steps of one member that its class never takes, in words."""
    known = in_a_row(classes)
    return [f"{one} -> {two}" for one, two in sorted(member) if one != two and (one, two) not in known]
