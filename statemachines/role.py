"""The role: no machine of its own but pure functions over its members.

Identity is the node id. An ordinal is a place in the StatefulSet: it may be empty (a hole that will be refilled under a new node id),
and it is free again only when the record of its last member is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from statemachines.member import CONFIG_ERROR, CONFIGURED, DRAINING, FOREIGN_VOLUME, NOTIFY_RETRY, NOTIFYING, REMOVING, REPLACING

AT_WORK = (CONFIGURED, NOTIFYING, NOTIFY_RETRY)
FAILED = (CONFIG_ERROR, FOREIGN_VOLUME)
LEAVING = (DRAINING, REMOVING, REPLACING)


@dataclass(frozen=True, slots=True)
class Place:
    """What the role functions look at of a member."""

    ordinal: int
    state: str
    replace: bool = False


def vacant(places: Iterable[Place], target: int) -> tuple[int, ...]:
    """Ordinals below `target` that have no member: they are to be planned, lowest first."""
    taken = {place.ordinal for place in places}
    return tuple(ordinal for ordinal in range(target) if ordinal not in taken)


def replicas(places: Iterable[Place]) -> int:
    """Replicas of the StatefulSet: everything but the contiguous suffix of members that are being removed."""
    return 1 + max((place.ordinal for place in places if place.state != REMOVING), default=-1)


def held(places: Iterable[Place], target: int) -> int | None:
    """The lowest member that is down and stays, while a healthy tail is to leave; None if nothing holds the shrink back.

    A healthy tail is not drained while lower members are down: else a shrink would take the last good copies.
    """
    places = tuple(places)
    if target == 0 or all(place.ordinal < target for place in places):
        return None
    down = [place.ordinal for place in places if place.ordinal < target and place.state not in AT_WORK and not place.replace]
    return min(down, default=None)


def unwanted(place: Place, target: int, holder: int | None) -> bool:
    """True if the member has no place any more, or its replacement was asked for. `holder` is what `held` says."""
    if place.replace:
        return True
    if place.ordinal < target:
        return False
    return place.state not in AT_WORK or holder is None


def highest_kept(places: Iterable[Place]) -> int:
    """The highest ordinal that stays, -1 if none does: below it a StatefulSet cannot be lowered."""
    return max((place.ordinal for place in places if place.state not in LEAVING), default=-1)
