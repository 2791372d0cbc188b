"""The StatefulSet controller's decision: one set, its pods, claims and revisions in, calls out. Pure.

Flow: adopt orphans that match, then make the template's revision known, then walk the ordinals upwards (create, replace what
ended), then the condemned ones downwards, then one step of a rolling update, then the status. With OrderedReady the first
pod that is not ready stops the walk; with Parallel nothing waits.

Guarantees: claims are created, never changed or deleted; a pod is created only once its claims exist and are not being
deleted; deletes carry the pod's UID. Source: apps/v1 StatefulSet and the behaviour of kube-controller-manager 1.36.
"""

from __future__ import annotations

import msgspec

from kdasync.devcluster.controllers.calls import (
    CLAIM,
    POD,
    STATEFUL_SET,
    Call,
    Create,
    Document,
    Patch,
    controller_uid,
    delete,
    deleting,
    key_of,
    uid_of,
)
from kdasync.devcluster.controllers.members import claim_names, new_claims, new_pod, ordinal_of
from kdasync.devcluster.controllers.pods import ended, healthy
from kdasync.devcluster.controllers.revision import owner_reference, revision_name, store_revision, template_of
from kdasync.devcluster.controllers.selectors import selects
from kdasync.devcluster.controllers.statefulset_status import status_of


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a decision looks at; `pods` of the set's namespace by name, `claims` likewise, `revisions` of this set."""

    stateful_set: Document
    pods: dict[str, Document]
    claims: dict[str, Document]
    revisions: list[Document]


def decide(seen: Seen) -> list[Call]:
    """The calls that bring the set one step nearer to its spec; none if nothing is left to do."""
    if deleting(seen.stateful_set):
        return []
    members = _members(seen)
    calls: list[Call] = [*_adopt(seen, members), *store_revision(seen.stateful_set, seen.revisions)]
    steps, settled = _scale_up(seen, members)
    if settled:
        steps, settled = _scale_down(seen, members, steps)
    if settled:
        steps += _roll(seen, members)
    return calls + steps + _status(seen, members)


def _members(seen: Seen) -> dict[int, Document]:
    """Pods of this set by ordinal, ascending, orphans to be adopted included."""
    found = {}
    for name, pod in seen.pods.items():
        ordinal = ordinal_of(seen.stateful_set, name)
        if ordinal is not None and (_owned(seen, pod) or _orphan(seen, pod)):
            found[ordinal] = pod
    return dict(sorted(found.items()))


def _owned(seen: Seen, pod: Document) -> bool:
    return controller_uid(pod) == uid_of(seen.stateful_set)


def _orphan(seen: Seen, pod: Document) -> bool:
    return (
        not controller_uid(pod)
        and not deleting(pod)
        and selects(seen.stateful_set["spec"]["selector"], pod["metadata"].get("labels") or {})
    )


def _adopt(seen: Seen, members: dict[int, Document]) -> list[Call]:
    reference = owner_reference(seen.stateful_set)
    return [
        Patch(
            POD,
            key_of(pod),
            {"metadata": {"uid": uid_of(pod), "ownerReferences": [*(pod["metadata"].get("ownerReferences") or ()), reference]}},
        )
        for pod in members.values()
        if not _owned(seen, pod)
    ]


def _ordered(seen: Seen) -> bool:
    return bool(seen.stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")


def _wanted(seen: Seen) -> range:
    start = (seen.stateful_set["spec"].get("ordinals") or {}).get("start", 0)
    replicas = seen.stateful_set["spec"].get("replicas")
    return range(start, start + (1 if replicas is None else replicas))


def _scale_up(seen: Seen, members: dict[int, Document]) -> tuple[list[Call], bool]:
    """Calls, and whether the walk came to its end."""
    calls: list[Call] = []
    for ordinal in _wanted(seen):
        pod = members.get(ordinal)
        if pod is None:
            calls += _create(seen, ordinal)
        elif ended(pod) and not deleting(pod):
            calls.append(delete(POD, pod))
        if _ordered(seen) and (pod is None or not healthy(pod)):
            return calls, False
    return calls, True


def _create(seen: Seen, ordinal: int) -> list[Call]:
    claims = [claim for claim in new_claims(seen.stateful_set, ordinal) if claim["metadata"]["name"] not in seen.claims]
    calls: list[Call] = [Create(CLAIM, claim) for claim in claims]
    if any(deleting(seen.claims[name]) for name in claim_names(seen.stateful_set, ordinal) if name in seen.claims):
        return calls
    revision = _revision_for(seen, ordinal)
    template = template_of(revision, stateful_set=seen.stateful_set, known=seen.revisions)
    return [*calls, Create(POD, new_pod(seen.stateful_set, ordinal, template=template, revision=revision))]


def _strategy(seen: Seen) -> tuple[bool, int]:
    """Rolling, and its partition."""
    strategy = seen.stateful_set["spec"].get("updateStrategy") or {}
    return strategy.get("type", "RollingUpdate") == "RollingUpdate", (strategy.get("rollingUpdate") or {}).get("partition") or 0


def _revision_for(seen: Seen, ordinal: int) -> str:
    rolling, partition = _strategy(seen)
    current = (seen.stateful_set.get("status") or {}).get("currentRevision")
    if rolling and current and ordinal < partition:
        return str(current)
    return revision_name(seen.stateful_set)


def _scale_down(seen: Seen, members: dict[int, Document], calls: list[Call]) -> tuple[list[Call], bool]:
    """The calls so far and those for condemned pods, highest ordinal first; and whether none is left."""
    wanted = _wanted(seen)
    condemned = [pod for ordinal, pod in reversed(members.items()) if ordinal not in wanted]
    if _ordered(seen):
        condemned = condemned[:1]
    return calls + [delete(POD, pod) for pod in condemned if not deleting(pod)], not condemned


def _roll(seen: Seen, members: dict[int, Document]) -> list[Call]:
    """Delete the highest pod of an old revision, but only while every higher one is healthy."""
    rolling, partition = _strategy(seen)
    update = revision_name(seen.stateful_set)
    for ordinal, pod in reversed(members.items()):
        if not rolling or ordinal < partition:
            return []
        if pod["metadata"].get("labels", {}).get("controller-revision-hash") != update and not deleting(pod):
            return [delete(POD, pod)]
        if not healthy(pod):
            return []
    return []


def _status(seen: Seen, members: dict[int, Document]) -> list[Call]:
    status = status_of(seen.stateful_set, list(members.values()), rolling=_strategy(seen)[0])
    if status == seen.stateful_set.get("status"):
        return []
    return [Patch(STATEFUL_SET, key_of(seen.stateful_set), {"status": status}, "status")]
