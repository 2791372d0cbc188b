"""What a fresh API server needs before it is of use: a storage class, DNS's grants and service, fake nodes."""

from __future__ import annotations

import json
from typing import Any

from realcluster.api import Api
from realcluster.layout import Layout
from realcluster.provisioner import STORAGE_CLASS

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_OK = 200
_DNS_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "coredns"},
    "rules": [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ],
}
_DNS_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "coredns"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "coredns"}],
}


def create(api: Api, layout: Layout) -> bool:
    """Make them; True when the namespace that everybody uses is there too."""
    if api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] != _OK:
        return False  # no pod is admitted before
    api.create("/apis/storage.k8s.io/v1/storageclasses", STORAGE_CLASS)
    api.create(f"{_RBAC}/clusterroles", _DNS_ROLE)
    api.create(f"{_RBAC}/clusterrolebindings", _DNS_BINDING)
    for number in range(layout.fake_nodes):
        api.create("/api/v1/nodes", fake_node(f"fake-{number + 1}"))
    return True


def fake_node(name: str) -> dict[str, Any]:
    """A node that kwok plays; only pods that tolerate it come there."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kdasync.test/fake": "true"},
        },
    }


def node_ready(api: Api, name: str) -> bool:
    """Whether the kubelet says so and the network works."""
    status, body = api.request("GET", f"/api/v1/nodes/{name}")
    if status != _OK:
        return False
    node = json.loads(body)
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in node["status"].get("conditions", ()))
    return ready and not node["spec"].get("taints")
