"""Status of a StatefulSet from its pods. Pure. Source: apps/v1 StatefulSetStatus."""

from __future__ import annotations

from collections.abc import Sequence

from kdasync.devcluster.controllers.calls import Document, deleting
from kdasync.devcluster.controllers.pods import is_ready
from kdasync.devcluster.controllers.revision import revision_name

_OMITTED = frozenset({"readyReplicas", "currentReplicas", "updatedReplicas"})  # absent when zero, as Go writes them


def status_of(stateful_set: Document, pods: Sequence[Document], *, rolling: bool) -> Document:
    """The whole status; an update is complete once every wanted pod has the new revision and is ready."""
    update = revision_name(stateful_set)
    current = (stateful_set.get("status") or {}).get("currentRevision") or update
    ready = sum(is_ready(pod) for pod in pods)
    updated = _of_revision(pods, update)
    wanted = stateful_set["spec"].get("replicas", 1)
    if rolling and wanted == updated == ready == len(pods):
        current = update
    status = {
        "observedGeneration": stateful_set["metadata"].get("generation", 0),
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "currentReplicas": _of_revision(pods, current),
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
    }
    return {key: item for key, item in status.items() if item or key not in _OMITTED}


def _of_revision(pods: Sequence[Document], revision: str) -> int:
    return sum(pod["metadata"].get("labels", {}).get("controller-revision-hash") == revision and not deleting(pod) for pod in pods)
