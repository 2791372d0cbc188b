"""Time limits of states: how long each may last, for this role. Seconds. Pure."""

from __future__ import annotations

from kdasync.api.memory import MemberMemory
from kdasync.reconcile.snapshot import Snapshot, container
from statemachines.member import MEMBER, WAITING_POD


def limit(snapshot: Snapshot, member: MemberMemory) -> float | None:
    """How long the member's state may last, None = for ever (a state of rest)."""
    name = MEMBER.state[member.state].deadline
    if not name:
        return None
    own = snapshot.policy(member.role)
    value: float | None = getattr(own, f"{name}_seconds", None)
    return value if value is not None else float(getattr(snapshot.settings, f"{name}_seconds"))


def expires(snapshot: Snapshot, member: MemberMemory, pod: str) -> float | None:
    """When the state's time is over, in seconds since the epoch; None = never.

    A pod that waits for a node or an image has its own message from Kubernetes and is not timed: only a container that is
    reported as running, without an id, is (design section 8).
    """
    allowed = limit(snapshot, member)
    if allowed is None or (member.state == WAITING_POD and not nameless(snapshot, pod)):
        return None
    return member.since + allowed


def nameless(snapshot: Snapshot, pod: str) -> bool:
    """True if a pod runs but no container id is reported."""
    seen = snapshot.pods.get(pod)
    status = container(seen)
    return seen is not None and seen.status.phase == "Running" and not (status and status.container_id)


def overdue(snapshot: Snapshot, member: MemberMemory, pod: str) -> bool:
    """True if the member's state has lasted longer than it may."""
    end = expires(snapshot, member, pod)
    return end is not None and snapshot.now >= end
