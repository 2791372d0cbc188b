"""Defaults of the built-in kinds equal what a real Kubernetes 1.36 stored for KubeDirector's objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DROPPED = {
    "dnsPolicy",
    "restartPolicy",
    "schedulerName",
    "securityContext",
    "terminationGracePeriodSeconds",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "protocol",
    "revisionHistoryLimit",
    "updateStrategy",
    "persistentVolumeClaimRetentionPolicy",
    "sessionAffinity",
    "internalTrafficPolicy",
    "externalTrafficPolicy",
    "allocateLoadBalancerNodePorts",
    "ipFamilies",
    "ipFamilyPolicy",
    "volumeMode",
    "clusterIPs",
    "targetPort",
    "enableServiceLinks",
    "preemptionPolicy",
    "priority",
    "serviceAccount",
    "serviceAccountName",
    "tolerations",
    "nodePort",
    "status",
}
PLURALS = {
    "StatefulSet": "/apis/apps/v1/namespaces/default/statefulsets",
    "Service": "/api/v1/namespaces/default/services",
    "Pod": "/api/v1/namespaces/default/pods",
    "PersistentVolumeClaim": "/api/v1/namespaces/default/persistentvolumeclaims",
}


def undefaulted(value: Any) -> Any:
    """The object as a client that sets no default would have sent it."""
    if isinstance(value, dict):
        keep = {key: undefaulted(item) for key, item in value.items() if key not in DROPPED or (key == "securityContext" and item)}
        if keep.get("hostPath") is not None and keep["hostPath"].get("type") == "":
            keep["hostPath"] = {"path": keep["hostPath"]["path"]}
        return keep
    return [undefaulted(item) for item in value] if isinstance(value, list) else value


def comparable(spec: Any) -> Any:
    """Without what is drawn at random."""
    if isinstance(spec, dict):
        return {key: "random" if key == "nodePort" else comparable(item) for key, item in spec.items()}
    return [comparable(item) for item in spec] if isinstance(spec, list) else spec


@pytest.mark.parametrize(
    "name", ["cr-cluster-spark245-stor", "cr-cluster-ngc", "cr-cluster-cassandra311", "cr-cluster-jupyter-notebook"]
)
async def test_specs_equal_the_recorded_ones(api: Any, shared: Path, name: str) -> None:
    objects = json.loads((shared / "golden" / "kwok" / f"{name}.json").read_text())["objects"]
    assert {item["kind"] for item in objects} >= {"StatefulSet", "Service", "Pod"}
    for recorded in objects:
        meta = {"name": recorded["metadata"]["name"], "labels": recorded["metadata"]["labels"]}
        answer = await api("POST", PLURALS[recorded["kind"]], {"metadata": meta, "spec": undefaulted(recorded["spec"])})
        assert answer.status == 201, answer.body
        assert comparable(answer.json["spec"]) == comparable(recorded["spec"])


@pytest.mark.parametrize(
    ("image", "policy"),
    [("a:1", "IfNotPresent"), ("a", "Always"), ("r/a:latest", "Always"), ("r:5000/a", "Always"), ("a@sha256:0", "IfNotPresent")],
)
async def test_pull_policy_follows_the_tag(api: Any, image: str, policy: str) -> None:
    spec = {"containers": [{"name": "c", "image": image}]}
    made = await api.made("/api/v1/namespaces/default/pods", {"metadata": {"name": "p"}, "spec": spec})
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


async def test_requests_follow_limits_and_quantities_are_canonical(api: Any) -> None:
    resources = {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 0.5}}
    spec = {"containers": [{"name": "c", "image": "a:1", "resources": resources}]}
    made = await api.made("/api/v1/namespaces/default/pods", {"metadata": {"name": "p"}, "spec": spec})
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    }
    assert made["status"] == {"phase": "Pending", "qosClass": "Burstable"}
