"""Whether a pod can run on the one node there is. Pure. The words are those of kube-scheduler, so that tools which read them work.

Source: core/v1 PodCondition PodScheduled; kube-scheduler's NodeResourcesFit, VolumeBinding and NodeSelector.
"""

from __future__ import annotations

from collections.abc import Mapping

from kdasync.devcluster.node.record import Document, Scheduled
from kdasync.devcluster.quantity import amount

NAME = "default-scheduler"
_PREEMPTION = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
_OWN = frozenset({"cpu", "memory", "ephemeral-storage"})  # of these there is always enough: a developer's cluster overcommits


def ours(pod: Document) -> bool:
    """Whether the pod asks for this scheduler and no other."""
    return pod["spec"].get("schedulerName") in {None, "", NAME}


def decide(
    pod: Document, *, claims: Mapping[str, Document], labels: Mapping[str, str], allocatable: Mapping[str, float]
) -> Scheduled:
    """`claims` are those of the pod's namespace, `labels` and `allocatable` (extended resources) those of the node."""
    problem = _claims(pod, claims) or _resources(pod, allocatable) or _selector(pod, labels)
    return Scheduled(done=False, reason="Unschedulable", message=problem) if problem else Scheduled(done=True)


def _claims(pod: Document, claims: Mapping[str, Document]) -> str:
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" not in volume:
            continue
        name = volume["persistentVolumeClaim"]["claimName"]
        claim = claims.get(name)
        if claim is None:
            return f'0/1 nodes are available: persistentvolumeclaim "{name}" not found. {_PREEMPTION}'
        if claim["metadata"].get("deletionTimestamp"):
            return f'0/1 nodes are available: persistentvolumeclaim "{name}" is being deleted. {_PREEMPTION}'
        if (claim.get("status") or {}).get("phase") != "Bound":
            return f"0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. {_PREEMPTION}"
    return ""


def _resources(pod: Document, allocatable: Mapping[str, float]) -> str:
    missing = [name for name, amount in _extended(pod).items() if amount > allocatable.get(name, 0)]
    if not missing:
        return ""
    words = ", ".join(f"1 Insufficient {name}" for name in sorted(missing))
    return f"0/1 nodes are available: {words}. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."


def _extended(pod: Document) -> dict[str, float]:
    """What the pod asks for of resources that are not every node's."""
    amounts: dict[str, float] = {}
    for container in pod["spec"]["containers"]:
        resources = container.get("resources") or {}
        asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
        for name, quantity in asked.items():
            if name not in _OWN and amount(str(quantity)) > 0:
                amounts[name] = amounts.get(name, 0) + amount(str(quantity))
    return amounts


def _selector(pod: Document, labels: Mapping[str, str]) -> str:
    wanted = pod["spec"].get("nodeSelector") or {}
    if all(labels.get(key) == value for key, value in wanted.items()):
        return ""
    return f"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. {_PREEMPTION}"
