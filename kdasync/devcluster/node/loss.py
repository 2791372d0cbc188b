"""What the control plane does about a node that is silent, as kube-controller-manager's node lifecycle controller does.

Flow: 50 s after the last sign of life the node's Ready is Unknown and its pods are not Ready; 300 s later its pods are deleted, and stay
until their node is back to confirm it. Source: `--node-monitor-grace-period`; the default tolerations of pods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import NODE, POD, Call, Document, Patch, delete, deleting, key_of, uid_of
from kdasync.devcluster.controllers.pods import is_ready
from kdasync.errors import Conflict

GRACE = 50.0
TOLERATION = 300.0


async def give_up(caches: Caches, name: str, *, timestamp: Callable[[], str]) -> None:
    """Run while the node `name` is silent; cancel it when the node is back."""
    await asyncio.sleep(GRACE)
    now = timestamp()
    condition = {
        "type": "Ready",
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    await _each(caches, [Patch(NODE, ("", name), {"status": {"conditions": [condition]}}, "status")])
    await _each(caches, [_unready(pod, now) for pod in _pods(caches, name) if is_ready(pod)])
    await asyncio.sleep(TOLERATION)
    await _each(caches, [delete(POD, pod) for pod in _pods(caches, name) if not deleting(pod)])


async def _each(caches: Caches, calls: Sequence[Call]) -> None:
    """All calls; a pod that is another one by now is left alone."""
    for call in calls:
        try:
            await caches.perform([call])
        except Conflict:
            continue


def _pods(caches: Caches, node: str) -> list[Document]:
    return [pod for pod in caches.of(POD) if pod["spec"].get("nodeName") == node]


def _unready(pod: Document, now: str) -> Patch:
    conditions = [
        {**each, "status": "False", "lastTransitionTime": now} if each["type"] == "Ready" else each
        for each in pod["status"]["conditions"]
    ]
    return Patch(POD, key_of(pod), {"metadata": {"uid": uid_of(pod)}, "status": {"conditions": conditions}}, "status")
