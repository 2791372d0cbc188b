"""Labels, annotations and owner references of everything that is made for a cluster.

Precedence as KubeDirector's: its own keys, then the role's, then the global config's; later wins.
Source: spec/kubedirector-api.md sections 2.14 and 3.1.
"""

from __future__ import annotations

from typing import Any

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.render import keys
from kdasync.render.view import RoleView


def owner_reference(cluster: KubeDirectorCluster) -> dict[str, Any]:
    """Our reference: garbage collection follows the cluster, without blocking its deletion."""
    return {
        "apiVersion": keys.API_VERSION,
        "kind": keys.KIND,
        "name": cluster.metadata.name,
        "uid": cluster.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def cluster_labels(cluster: KubeDirectorCluster) -> dict[str, str]:
    """Labels of the headless service, and part of all others'."""
    return {
        keys.CLUSTER: cluster.metadata.name,
        keys.APP: cluster.spec.app,
        keys.APP_CATALOG: cluster.spec.app_catalog or "local",
    }


def set_labels(view: RoleView) -> dict[str, str]:
    """Labels of a StatefulSet object."""
    return {**cluster_labels(view.cluster), keys.ROLE: view.role.id, keys.HEADLESS: view.cluster.metadata.name}


def pod_labels(view: RoleView) -> dict[str, str]:
    """Labels of a pod, and the selector of its StatefulSet."""
    return {**set_labels(view), **(view.role.pod_labels or {}), **(view.config.pod_labels or {})}


def pod_annotations(view: RoleView) -> dict[str, str]:
    """Annotations of a pod."""
    return {**own_annotations(view.app), **(view.role.pod_annotations or {}), **(view.config.pod_annotations or {})}


def service_labels(view: RoleView) -> dict[str, str]:
    """Labels of a member service."""
    own = {**cluster_labels(view.cluster), keys.ROLE: view.role.id}
    return {**own, **(view.role.service_labels or {}), **(view.config.service_labels or {})}


def service_annotations(view: RoleView) -> dict[str, str]:
    """Annotations of a member service, without its token."""
    return {**own_annotations(view.app), **(view.role.service_annotations or {}), **(view.config.service_annotations or {})}


def own_annotations(app: KubeDirectorApp) -> dict[str, str]:
    """Annotations of everything: the app's title."""
    return {keys.PRETTY_NAME: app.spec.label.name} if app.spec.label.name else {}


def metadata(cluster: KubeDirectorCluster, *, name: str, labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    """Metadata of an object that belongs to a cluster."""
    return {
        "name": name,
        "namespace": cluster.metadata.namespace,
        "labels": labels,
        "annotations": annotations,
        "ownerReferences": [owner_reference(cluster)],
    }
