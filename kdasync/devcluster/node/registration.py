"""The Node object. Pure. Source: core/v1 Node."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version

from kdasync.devcluster.controllers.calls import NODE
from kdasync.devcluster.node.record import Document

_CAPACITY = {"cpu": "1024", "memory": "4Ti", "ephemeral-storage": "16Ti", "pods": "20000"}


def node_document(name: str, labels: Mapping[str, str]) -> Document:
    """The object to create."""
    return {
        "apiVersion": NODE.api_version,
        "kind": NODE.kind,
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {},
    }


def node_status(address: str, allocatable: Mapping[str, float], *, now: str, ready: str = "True") -> Document:
    """Its status; `allocatable` are extended resources, `now` is RFC 3339 text."""
    amounts = {**_CAPACITY, **{name: f"{amount:g}" for name, amount in allocatable.items()}}
    reason = "KubeletReady" if ready == "True" else "NodeStatusUnknown"
    return {
        "capacity": amounts,
        "allocatable": amounts,
        "addresses": [{"type": "InternalIP", "address": address}],
        "conditions": [
            {"type": "Ready", "status": ready, "reason": reason, "message": "", "lastHeartbeatTime": now, "lastTransitionTime": now}
        ],
        "nodeInfo": {
            "architecture": platform.machine(),
            "bootID": "",
            "containerRuntimeVersion": f"kdasync://{version('kdasync')}",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": f"v{version('kdasync')}",
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "devcluster",
            "systemUUID": "",
        },
    }
