"""What `kubectl describe pod` should warn of, from the node's record, and the Event that says so. Pure.

Why only warnings: they are what people look for, and a starting pod must not cost more writes for its good news. Source: the kubelet's
and kube-scheduler's event reasons; core/v1 Event.
"""

from __future__ import annotations

import msgspec

from kdasync.devcluster.controllers.calls import EVENT, POD
from kdasync.devcluster.node.record import ContainerRecord, Document, PodRecord, Terminated, Waiting

_FAILED = frozenset({"CreateContainerError", "CreateContainerConfigError", "CreatePodSandboxError", "ErrImagePull"})


class Trouble(msgspec.Struct, frozen=True):
    """A reason and a sentence."""

    reason: str
    message: str


def troubles_of(record: PodRecord) -> list[Trouble]:
    """Everything that is wrong with the pod now."""
    if not record.scheduled.done:
        return [Trouble("FailedScheduling", record.scheduled.message)]
    found = [Trouble(*record.failure)] if record.failure else []
    return found + [trouble for container in [*record.init, *record.main] for trouble in _of_container(container)]


def _of_container(container: ContainerRecord) -> list[Trouble]:
    state = container.state
    if isinstance(state, Terminated) and state.message:
        return [Trouble("FailedPostStartHook", state.message)]
    if isinstance(state, Waiting) and state.reason == "CrashLoopBackOff":
        return [Trouble("BackOff", state.message)]
    if isinstance(state, Waiting) and state.reason in _FAILED:
        return [Trouble("Failed", state.message)]
    return []


def event(record: PodRecord, trouble: Trouble, *, now: str, number: int) -> Document:
    """The Event; `number` makes its name unique for the pod."""
    meta = record.document["metadata"]
    involved = {"apiVersion": "v1", "kind": POD.kind, "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    component = "kubelet" if record.scheduled.done else "default-scheduler"
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {"name": f"{meta['name']}.{meta['uid'][:8]}.{number}", "namespace": meta["namespace"]},
        "involvedObject": involved,
        "type": "Warning",
        "reason": trouble.reason,
        "message": trouble.message,
        "source": {"component": component},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
