"""Documents as the API server stores them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Document = dict[str, Any]


def make_set(**spec: Any) -> Document:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "i"}]}}
    base = {"replicas": 3, "serviceName": "web-hs", "selector": {"matchLabels": {"app": "web"}}, "template": template}
    meta = {"name": "web", "namespace": "ns", "uid": "set-uid", "generation": 1, "resourceVersion": "1"}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": {**base, **spec}}


def make_pod(name: str, *, ready: bool = True, revision: str = "", owner: str = "set-uid", **meta: Any) -> Document:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    labels = {"app": "web", "controller-revision-hash": revision}
    owners = [{"uid": owner, "controller": True, "kind": "StatefulSet", "name": "web", "apiVersion": "apps/v1"}] if owner else []
    metadata = {
        "name": name,
        "namespace": "ns",
        "uid": f"uid-{name}",
        "labels": labels,
        "ownerReferences": owners,
        "resourceVersion": "1",
    }
    return {
        "metadata": {**metadata, **meta},
        "spec": {"containers": [{"name": "app", "image": "i"}]},
        "status": {"phase": "Running" if ready else "Pending", "podIP": "10.0.0.1", "conditions": [condition]},
    }


@pytest.fixture
def stateful_set() -> Callable[..., Document]:
    return make_set


@pytest.fixture
def pod() -> Callable[..., Document]:
    return make_pod
