"""A user's one-time requests, made by annotation on the cluster: retry a failed setup, replace a member. Pure.

The value is a pod name or `all`. It is carried out once: `memory.handled` remembers it until the annotation is gone, and the operator
takes the annotation off after the commit.
"""

from __future__ import annotations

from kdasync.api.memory import MemberMemory
from kdasync.reconcile.draft import Draft
from kdasync.reconcile.naming import pod_of
from kdasync.reconcile.snapshot import Snapshot
from kdasync.render.keys import GROUP
from statemachines import role as roles
from statemachines.member import CONFIGURED

RETRY = f"{GROUP}/retry-config"
REPLACE = f"{GROUP}/replace-member"


def carry_out(snapshot: Snapshot, draft: Draft) -> None:
    """Apply requests that have not been carried out yet."""
    made = asked(snapshot)
    if made == draft.memory.handled:
        return
    draft.urgent = True
    draft.set(handled=made)
    annotations = snapshot.cluster.metadata.annotations
    for member in tuple(draft.members.values()):
        if _retries(snapshot, member, annotations.get(RETRY, "")):
            draft.update(member, retry_at=draft.now, attempts=0)
        if _named(snapshot, member, annotations.get(REPLACE, "")) and member.state not in roles.LEAVING:
            draft.update(draft.members[member.node_id], replace=True)


def asked(snapshot: Snapshot) -> str:
    """The requests on the object as one text, empty if there are none."""
    annotations = snapshot.cluster.metadata.annotations
    return ";".join(f"{key}={annotations[key]}" for key in (RETRY, REPLACE) if annotations.get(key))


def _retries(snapshot: Snapshot, member: MemberMemory, value: str) -> bool:
    """`all` means those that failed or missed something; a member that is named is set up again in any case."""
    if member.state in roles.FAILED:
        return _named(snapshot, member, value)
    return member.state == CONFIGURED and (value == pod_of(snapshot, member) or (value == "all" and bool(member.missed)))


def _named(snapshot: Snapshot, member: MemberMemory, value: str) -> bool:
    return bool(value) and (value == "all" or value == pod_of(snapshot, member))
