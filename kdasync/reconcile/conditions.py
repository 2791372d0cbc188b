"""Conditions and printer columns: what a person and `kubectl wait` read. Pure.

`Ready`, `Reconciling` and `Stalled` follow kstatus: an object never looks ready before it is. `Available` says whether every role has
the members at work that its cardinality demands. A message names the object, the cause and the next action.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from kdasync.api.cluster import Summary
from kdasync.api.memory import MemberMemory, Memory
from kdasync.api.meta import Condition
from kdasync.reconcile import limits
from kdasync.reconcile.facts import down, job_of
from kdasync.reconcile.naming import pod_of
from kdasync.reconcile.snapshot import Snapshot, container
from kdasync.render.defaults import cardinality
from statemachines import role as roles
from statemachines.cluster import CONFIGURED, CREATING, DEGRADED, DELETING, UPDATING
from statemachines.member import MEMBER
from statemachines.role import Place


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong: reason and message of a condition. `retrying`: it is tried again without a person."""

    reason: str
    message: str
    retrying: bool = False


def conditions(snapshot: Snapshot, memory: Memory, previous: list[Condition]) -> list[Condition]:
    """All four conditions; the transition time of one that did not change is kept."""
    wrong = trouble(snapshot, memory)
    stalled = wrong is not None and not wrong.retrying
    moving = memory.state in (CREATING, UPDATING, DELETING) or (wrong is not None and wrong.retrying)
    progress = Trouble(*_progress(snapshot, memory))
    rest = Trouble("AllMembersConfigured", f"{len(memory.members)} members are configured.")
    why = wrong or (progress if moving else rest)
    short = _short(snapshot, memory)
    known = {condition.type: condition for condition in previous}
    made = (
        ("Ready", memory.state == CONFIGURED and wrong is None, why),
        ("Reconciling", moving and not stalled, why if moving else Trouble("AtRest", "Nothing is under way.")),
        ("Stalled", stalled, why if stalled else Trouble("Progressing", "Nothing waits for help.")),
        ("Available", not short, Trouble("MembersMissing", short) if short else Trouble("MinimumAtWork", _ENOUGH)),
    )
    return [_condition(snapshot, known.get(kind), kind, holds, text) for kind, holds, text in made]


_ENOUGH = "Every role has its minimum at work."


def _condition(snapshot: Snapshot, known: Condition | None, kind: str, holds: bool, text: Trouble) -> Condition:
    status = "True" if holds else "False"
    return Condition(
        type=kind,
        status=status,
        reason=text.reason,
        message=text.message[:_LONGEST],
        last_transition_time=known.last_transition_time if known and known.status == status else rfc3339(snapshot.now),
        observed_generation=snapshot.cluster.metadata.generation,
    )


_LONGEST = 2000  # characters of a message


def rfc3339(seconds: float) -> str:
    """Seconds since the epoch as meta/v1 Time."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def trouble(snapshot: Snapshot, memory: Memory) -> Trouble | None:
    """The first thing that is wrong, None if nothing is."""
    if memory.state == DELETING:
        return None
    return _definition(snapshot) or _members(snapshot, memory) or _held(snapshot, memory)


def _definition(snapshot: Snapshot) -> Trouble | None:
    if snapshot.app is None:
        return Trouble(
            "AppMissing", f"KubeDirectorApp {snapshot.spec.app!r} does not exist. Create it: kubectl apply -f <app>.yaml."
        )
    if snapshot.problems:
        return Trouble(snapshot.problems[0].reason, str(snapshot.problems[0]))
    return None


def _members(snapshot: Snapshot, memory: Memory) -> Trouble | None:
    found = [wrong for wrong in (_member(snapshot, member) for member in memory.members) if wrong is not None]
    hard = [wrong for wrong in found if not wrong.retrying]
    return next(iter(hard or found), None)


def _member(snapshot: Snapshot, member: MemberMemory) -> Trouble | None:
    pod = pod_of(snapshot, member)
    state = MEMBER.state[member.state]
    if member.state in roles.FAILED:
        again = f"It is tried again at {rfc3339(member.retry_at)}." if member.retry_at else state.remedy.replace("<pod>", pod)
        return Trouble(
            member.reason or state.reason, f"Member {pod}: {member.detail.removesuffix('.')}. {again}", retrying=member.retry_at > 0
        )
    if member.missed:
        remedy = f"Repair the app, or annotate the cluster with kubedirector.hpe.com/retry-config={pod} to set it up again."
        return Trouble("NotifyFailed", f"Member {pod} missed {member.detail}. {remedy}")
    return _pod(snapshot, member, pod) or _late(snapshot, member, pod) or _unreachable(snapshot, member, pod)


def _pod(snapshot: Snapshot, member: MemberMemory, pod: str) -> Trouble | None:
    """What Kubernetes itself says is wrong with the pod."""
    found = snapshot.pods.get(pod)
    for condition in found.status.conditions if found else []:
        if condition.type == "PodScheduled" and condition.reason == "Unschedulable":
            return Trouble("Unschedulable", f"Pod {pod}: {condition.message} Add nodes or storage, or ask for less.")
    status = container(found)
    waiting = status.state.waiting if status else None
    if waiting is not None and waiting.reason in REMEDIES:
        said = f"{waiting.reason}. {waiting.message}".strip()
        return Trouble(waiting.reason, f"Pod {pod}: {said} {REMEDIES[waiting.reason]}")
    if down(snapshot, member):
        return Trouble("MemberDown", f"Pod {pod}: the container of this member does not run. It is started again.", retrying=True)
    return None


REMEDIES = {
    "CrashLoopBackOff": "The container ends again and again: kubectl logs --previous, and see that the image has /bin/sh.",
    "PostStartHookError": "The image has no working /bin/sh: use one that has.",
    "RunContainerError": "See kubectl describe pod.",
    "CreateContainerError": "See kubectl describe pod.",
    "CreateContainerConfigError": "A Secret or ConfigMap that the pod needs is missing: create it.",
    "ErrImagePull": "See that the image exists and can be pulled.",
    "ImagePullBackOff": "See that the image exists and can be pulled.",
    "ErrImageNeverPull": "Load the image onto the node.",
    "InvalidImageName": "Correct imageRepoTag in the app.",
}


def _late(snapshot: Snapshot, member: MemberMemory, pod: str) -> Trouble | None:
    """The state lasts longer than it may, and no edge of the table ends it."""
    if not limits.overdue(snapshot, member, pod):
        return None
    if limits.nameless(snapshot, pod):
        return Trouble("ContainerIdMissing", f"Pod {pod} runs, but its container id is not reported. See the kubelet of its node.")
    state = MEMBER.state[member.state]
    return Trouble(state.reason, f"Member {pod} ({state.id}) waits since {rfc3339(member.since)}: {state.waits}. {state.remedy}")


def _unreachable(snapshot: Snapshot, member: MemberMemory, pod: str) -> Trouble | None:
    job = job_of(snapshot, member)
    if job is None or not job.trouble or job.result is not None:
        return None
    said = job.trouble.rstrip(".")
    return Trouble(
        job.cause or "GuestUnreachable", f"Pod {pod} cannot be set up or told yet: {said}. It is tried again.", retrying=True
    )


def _held(snapshot: Snapshot, memory: Memory) -> Trouble | None:
    for role in snapshot.spec.roles:
        members = [member for member in memory.members if member.role == role.id]
        down = roles.held([Place(m.ordinal, m.state, m.replace) for m in members], role.members or 0)
        if down is not None:
            pod = next(pod_of(snapshot, member) for member in members if member.ordinal == down)
            remedy = f"Repair it, or annotate the cluster with kubedirector.hpe.com/replace-member={pod}."
            message = f"Role {role.id} is not shrunk while {pod}, which stays, is not at work. {remedy}"
            return Trouble("ShrinkHeld", message, retrying=True)
    return None


def _progress(snapshot: Snapshot, memory: Memory) -> tuple[str, str]:
    if memory.state == DELETING:
        return ("Deleting", "The cluster is being deleted.")
    for member in memory.members:
        state = MEMBER.state[member.state]
        if member.state in roles.AT_WORK or not state.waits:
            continue
        return (
            "MembersChanging",
            f"Member {pod_of(snapshot, member)} ({state.id}) waits: {state.waits}.",
        )
    return ("Updating", "Members are being told of a change.")


def _short(snapshot: Snapshot, memory: Memory) -> str:
    """What is missing to the minimum, empty if nothing is."""
    for defined in snapshot.app.spec.roles if snapshot.app else []:
        wanted = snapshot.role(defined.id)
        if wanted is None or not wanted.members or not snapshot.runnable:
            continue
        least, _ = cardinality(defined.cardinality)
        working = sum(member.role == defined.id and member.state in roles.AT_WORK for member in memory.members)
        if working < min(least, wanted.members):
            return f"Role {defined.id} has {working} of at least {least} members at work."
    return "" if snapshot.app else "The app does not exist."


def summary(snapshot: Snapshot, memory: Memory) -> Summary:
    """Printer columns."""
    desired = sum(role.members or 0 for role in snapshot.spec.roles)
    ready = sum(member.state in roles.AT_WORK for member in memory.members)
    wrong = trouble(snapshot, memory)
    if wrong is not None:
        reason = wrong.reason
    elif memory.state in (CONFIGURED, DEGRADED):
        reason = ""
    else:
        reason = _progress(snapshot, memory)[0]
    return Summary(ready=ready, desired=desired, members=f"{ready}/{desired}", reason=reason)
