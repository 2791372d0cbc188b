"""From a pod's document to what the runtime starts."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kdasync.devcluster.node.lookup import Lookup
from kdasync.devcluster.node.refusal import Refusal
from kdasync.devcluster.node.spec import container_spec, sandbox_spec
from kdasync.devcluster.runtime.protocol import ContainerSpec

Document = dict[str, Any]


def pod(container: Document, volumes: list[Document] | None = None) -> Document:
    meta = {"name": "web-0", "namespace": "ns", "uid": "u", "labels": {"app": "web"}}
    return {"metadata": meta, "spec": {"containers": [{"name": "app", "image": "i", **container}], "volumes": volumes or []}}


def spec(container: Document, volumes: list[Document] | None = None, **known: Any) -> ContainerSpec:
    document = pod(container, volumes)
    return container_spec(document, document["spec"]["containers"][0], Lookup(**known))


def secret(**data: str) -> Document:
    return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}}


def test_environment_with_references_and_expansion() -> None:
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(UNKNOWN)-$$(A)"},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "MISSING", "valueFrom": {"configMapKeyRef": {"name": "no", "key": "k", "optional": True}}},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
    ]
    resources = {"limits": {"memory": "1Gi"}}
    found = spec({"env": env, "args": ["$(A)"], "resources": resources}, secrets={"s": secret(k="v")}, pod_ip="10.0.0.1")
    assert dict(found.env) == {"A": "1", "B": "1-$(UNKNOWN)-$(A)", "IP": "10.0.0.1", "LABEL": "web", "KEY": "v", "MEMORY": "1024"}
    assert found.args == ("1",)
    assert found.memory_limit == 1 << 30


def test_a_missing_secret_is_refused() -> None:
    with pytest.raises(Refusal, match='secret "s" not found') as caught:
        spec({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]})
    assert caught.value.reason == "CreateContainerConfigError"


def test_all_of_a_config_map_with_a_prefix() -> None:
    found = spec({"envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}]}, config_maps={"c": {"data": {"K": "v"}}})
    assert found.env == (("P_K", "v"),)


def test_mounts_of_every_served_kind() -> None:
    volumes = [
        {"name": "p", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "t", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        {"name": "s", "secret": {"secretName": "s", "items": [{"key": "k", "path": "deep/k"}]}},
    ]
    mounts = [
        {"name": "p", "mountPath": "/opt", "subPath": "opt"},
        {"name": "t", "mountPath": "/tmp"},  # noqa: S108 - a path in a document
        {"name": "s", "mountPath": "/secret"},
    ]
    claim = {"spec": {"volumeName": "pvc-1"}, "status": {"phase": "Bound"}}
    found = spec({"volumeMounts": mounts}, volumes, claims={"c": claim}, secrets={"s": secret(k="v", other="x")}).mounts
    assert (found[0].source, found[0].sub_path) == ("pvc-1", "opt")
    assert (found[1].source, found[1].memory, found[1].size) == ("empty-u-t", True, 64 << 20)
    assert (found[2].files, found[2].read_only) == ({"deep/k": b"v"}, True)


def test_an_unbound_claim_is_waited_for() -> None:
    volumes = [{"name": "p", "persistentVolumeClaim": {"claimName": "c"}}]
    with pytest.raises(Refusal, match="is not bound"):
        spec({}, volumes, claims={"c": {"spec": {}, "status": {"phase": "Pending"}}})


@pytest.mark.parametrize("kind", ["hostPath", "nfs"])
def test_volumes_of_the_machine_are_refused_with_a_way_out(kind: str) -> None:
    with pytest.raises(Refusal, match=f"devcluster has no {kind} volumes. Use a claim"):
        spec({}, [{"name": "h", kind: {"path": "/"}}])


def test_block_devices_are_refused_with_a_way_out() -> None:
    with pytest.raises(Refusal, match="Use a file system volume or a real cluster"):
        spec({"volumeDevices": [{"name": "b", "devicePath": "/dev/x"}]})


def test_the_sandbox_has_the_pods_name_and_search_domains() -> None:
    found = sandbox_spec(pod({}), domain="cluster.local")
    assert (found.hostname, found.search) == ("web-0", ("ns.svc.cluster.local", "svc.cluster.local", "cluster.local"))
