"""Bodies of objects: a small app, and clusters of it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

APP = {
    "apiVersion": "kubedirector.hpe.com/v1beta1",
    "kind": "KubeDirectorApp",
    "metadata": {"name": "demo", "namespace": "default"},
    "spec": {
        "label": {"name": "Demo"},
        "distroID": "acme/demo",
        "version": "1",
        "configSchemaVersion": 8,
        "defaultImageRepoTag": "localhost/demo:1",
        "defaultConfigPackage": {"packageURL": "http://packages/demo.tgz"},
        "services": [{"id": "ui", "label": {"name": "UI"}, "endpoint": {"port": 80, "urlScheme": "http", "isDashboard": True}}],
        "roles": [{"id": "master", "cardinality": "1"}, {"id": "worker", "cardinality": "0+"}],
        "config": {
            "selectedRoles": ["master", "worker"],
            "roleServices": [{"roleID": "master", "serviceIDs": ["ui"]}, {"roleID": "worker", "serviceIDs": ["ui"]}],
        },
    },
}


def cluster(name: str = "one", *, workers: int = 2, **spec: Any) -> Json:
    resources = {"limits": {"memory": "64Mi", "cpu": "100m"}}
    roles = [{"id": "master", "members": 1, "resources": resources}, {"id": "worker", "members": workers, "resources": resources}]
    return {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorCluster",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"app": "demo", "serviceType": "ClusterIP", "roles": roles, **spec},
    }


def workers(count: int) -> Json:
    return {"spec": {"roles": cluster(workers=count)["spec"]["roles"]}}
