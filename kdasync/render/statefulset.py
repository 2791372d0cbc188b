"""The StatefulSet of a role. Its selector is the full pod label set, as KubeDirector's: Kubernetes copies it onto the claims.

Source: spec/kubedirector-runtime.md section 2.4.
"""

from __future__ import annotations

from typing import Any

from kdasync.render.container import app_container
from kdasync.render.init import init_container
from kdasync.render.manifest import Manifest
from kdasync.render.metadata import metadata, own_annotations, pod_annotations, pod_labels, set_labels
from kdasync.render.view import RoleView
from kdasync.render.volumes import claim_templates, mounts, volumes


def statefulset(view: RoleView, replicas: int) -> Manifest:
    """The StatefulSet of one role with `replicas` pods."""
    meta = metadata(view.cluster, name=view.stateful_set, labels=set_labels(view), annotations=own_annotations(view.app))
    spec: dict[str, Any] = {
        "replicas": replicas,
        "podManagementPolicy": "Parallel",
        "serviceName": view.headless,
        "selector": {"matchLabels": pod_labels(view)},
        "template": {"metadata": {"labels": pod_labels(view), "annotations": pod_annotations(view)}, "spec": pod_spec(view)},
    }
    if templates := claim_templates(view):
        spec["volumeClaimTemplates"] = templates
    body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": spec}
    return Manifest("StatefulSet", view.cluster.metadata.namespace, view.stateful_set, body)


def pod_spec(view: RoleView) -> dict[str, Any]:
    """core/v1 PodSpec of a member."""
    all_mounts = mounts(view)
    account = view.role.service_account_name
    body: dict[str, Any] = {
        "automountServiceAccountToken": bool(account),
        "containers": [app_container(view, all_mounts)],
        "volumes": volumes(all_mounts),
    }
    optional = {
        "initContainers": [init_container(view)] if view.role.storage else None,
        "serviceAccountName": account,
        "affinity": view.role.affinity,
        "terminationGracePeriodSeconds": view.policy.termination_grace_seconds,
    }
    return {**body, **{key: value for key, value in optional.items() if value is not None}}
