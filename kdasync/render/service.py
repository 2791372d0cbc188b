"""Services: the headless one that names members, and one per member that exposes its ports.

Source: spec/kubedirector-runtime.md sections 2.2 and 2.3.
"""

from __future__ import annotations

from typing import Any

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.render import keys, names
from kdasync.render.manifest import Manifest
from kdasync.render.metadata import cluster_labels, metadata, own_annotations, service_annotations, service_labels
from kdasync.render.view import Port, RoleView, headless_name

_TYPES = ("ClusterIP", "LoadBalancer", "NodePort")


def headless_service(cluster: KubeDirectorCluster, app: KubeDirectorApp) -> Manifest:
    """The service behind the members' DNS names. Members resolve before they are ready: setup needs it."""
    spec = {
        "clusterIP": "None",
        "selector": {keys.HEADLESS: cluster.metadata.name},
        "publishNotReadyAddresses": True,
        "ports": [{"name": "port", "port": 8888}],
    }
    meta = metadata(cluster, name=headless_name(cluster), labels=cluster_labels(cluster), annotations=own_annotations(app))
    return _manifest(meta, spec)


def member_service(view: RoleView, ordinal: int, *, auth_token: str = "", name: str = "") -> Manifest | None:
    """The service of one member, or None if its role exposes no port (status then says `n/a`).

    Args:
        view: its role.
        ordinal: its place in the StatefulSet.
        auth_token: its token, if it has one; published as an annotation.
        name: the recorded name, if status has one.
    """
    if not view.ports:
        return None
    pod = names.pod(view.stateful_set, ordinal)
    spec = {
        "type": service_type(view.cluster),
        "selector": {keys.POD_NAME: pod},
        "publishNotReadyAddresses": True,
        "ports": [_port(port) for port in view.ports],
    }
    notes = service_annotations(view)
    if auth_token:
        notes[keys.AUTH_TOKEN] = auth_token
    name = name or names.member_service(pod, naming_scheme=view.cluster.spec.naming_scheme)
    return _manifest(metadata(view.cluster, name=name, labels=service_labels(view), annotations=notes), spec)


def service_type(cluster: KubeDirectorCluster) -> str:
    """Type of member services; KubeDirector takes anything it does not know for NodePort."""
    wanted = cluster.spec.service_type or "LoadBalancer"
    return wanted if wanted in _TYPES else "NodePort"


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "port": port.number}


def _manifest(meta: dict[str, Any], spec: dict[str, Any]) -> Manifest:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
    return Manifest("Service", meta["namespace"], meta["name"], body)
