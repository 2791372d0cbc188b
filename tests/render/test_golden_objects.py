"""What we render equals what the real KubeDirector made, but for the differences listed here."""

from __future__ import annotations

from typing import Any

from kdasync.render import names
from kdasync.render.quantity import quantity
from kdasync.render.service import headless_service, member_service
from kdasync.render.statefulset import statefulset

GENERATED = ("creationTimestamp", "generation", "resourceVersion", "uid")
DIFFERENCES = {
    "metadata.generateName": "our names are derived from the cluster's UID, so that a repeated create is the same create",
    "lifecycle.postStart.exec.command": "text written afresh: POSIX sh instead of bash, bounded, the same effect on resolv.conf",
    "initContainers[].command, args": "text written afresh: POSIX sh, marker only after a complete copy",
}
SERVER_DEFAULTS: dict[str, dict[str, Any]] = {
    "StatefulSet.spec": {
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "revisionHistoryLimit": 10,
        "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
    },
    "pod": {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    },
    "container": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "Service.spec": {
        "internalTrafficPolicy": "Cluster",
        "externalTrafficPolicy": "Cluster",
        "allocateLoadBalancerNodePorts": True,
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "sessionAffinity": "None",
    },
}


def without(body: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in defaults or value != defaults[key]}


def exact(resources: dict[str, Any]) -> dict[str, Any]:
    return {kind: {key: quantity(value) for key, value in amounts.items()} for kind, amounts in resources.items()}


def container(body: dict[str, Any]) -> dict[str, Any]:
    pull = "Always" if body["image"].endswith(":latest") else "IfNotPresent"
    body = without(body, {**SERVER_DEFAULTS["container"], "imagePullPolicy": pull})
    body["resources"] = exact(body["resources"])
    body["ports"] = [without(port, {"protocol": "TCP"}) for port in body.get("ports", [])]
    if body["name"] == "init":
        del body["command"], body["args"]
    else:
        del body["lifecycle"]["postStart"]["exec"]["command"]
    return body


def pod(body: dict[str, Any]) -> dict[str, Any]:
    body = without(body, SERVER_DEFAULTS["pod"])
    for key in ("containers", "initContainers"):
        body[key] = [container(item) for item in body.get(key, [])]
    for volume in body["volumes"]:
        volume.get("hostPath", {}).pop("type", None)
    return body


def claim(body: dict[str, Any]) -> dict[str, Any]:
    return {**without(body, {"status": {"phase": "Pending"}}), "spec": without(body["spec"], {"volumeMode": "Filesystem"})}


def metadata(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in (*GENERATED, "generateName")}


def stateful_set(body: dict[str, Any]) -> dict[str, Any]:
    spec = without(body["spec"], SERVER_DEFAULTS["StatefulSet.spec"])
    spec["template"] = {**spec["template"], "spec": pod(spec["template"]["spec"])}
    spec["volumeClaimTemplates"] = [claim(item) for item in spec.get("volumeClaimTemplates", [])]
    return {"metadata": metadata(body["metadata"]), "spec": spec}


def service(body: dict[str, Any]) -> dict[str, Any]:
    spec = without(body["spec"], SERVER_DEFAULTS["Service.spec"])
    spec.pop("clusterIPs", None)
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
    spec.setdefault("type", "ClusterIP")
    spec["ports"] = [{"name": port["name"], "port": port["port"]} for port in spec["ports"]]
    return {"metadata": metadata(body["metadata"]), "spec": spec}


def test_stateful_sets(record: Any) -> None:
    recorded = record.of("StatefulSet")
    ours = [statefulset(view, view.role.members) for view in record.views]
    assert {item.name: stateful_set(item.body) for item in ours} == {name: stateful_set(body) for name, body in recorded.items()}


def test_services(record: Any) -> None:
    app = record.views[0].app
    ours = [headless_service(record.defaulted, app)]
    ours += [member_service(view, ordinal) for view in record.views for ordinal in range(view.role.members)]
    assert {item.name: service(item.body) for item in ours} == {name: service(body) for name, body in record.of("Service").items()}


def test_target_ports_are_the_servers_default(record: Any) -> None:
    assert all(port["targetPort"] == port["port"] for item in record.of("Service").values() for port in item["spec"]["ports"])


def test_pods_carry_the_templates_labels_and_annotations(record: Any) -> None:
    own = {"apps.kubernetes.io/pod-index", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"}
    pods = record.of("Pod")
    seen = 0
    for view in record.views:
        template = statefulset(view, 1).body["spec"]["template"]["metadata"]
        for ordinal in range(view.role.members):
            recorded = pods[names.pod(view.stateful_set, ordinal)]["metadata"]
            assert {key: value for key, value in recorded["labels"].items() if key not in own} == template["labels"]
            assert recorded["annotations"] == template["annotations"]
            seen += 1
    assert seen == len(pods)


def test_claims_have_the_names_and_labels_that_follow_from_the_stateful_set(record: Any) -> None:
    expected = {}
    for view in record.views:
        body = statefulset(view, 1).body["spec"]
        for template in body.get("volumeClaimTemplates", []):
            for ordinal in range(view.role.members):
                name = f"{template['metadata']['name']}-{names.pod(view.stateful_set, ordinal)}"
                assert name == names.claim(names.pod(view.stateful_set, ordinal))
                expected[name] = body["selector"]["matchLabels"]
    assert expected == {name: item["metadata"]["labels"] for name, item in record.of("PersistentVolumeClaim").items()}


def test_the_listed_differences_are_real(record: Any) -> None:
    recorded = record.of("StatefulSet")
    for view in record.views:
        ours, theirs = statefulset(view, 1).body, recorded[view.stateful_set]
        met = set()
        if "generateName" in theirs["metadata"] and "generateName" not in ours["metadata"]:
            met.add("metadata.generateName")
        if command(ours, "containers") == "/bin/sh" and command(theirs, "containers") == "/bin/bash":
            met.add("lifecycle.postStart.exec.command")
        if view.role.storage and command(ours, "initContainers") == "/bin/sh" and command(theirs, "initContainers") == "/bin/bash":
            met.add("initContainers[].command, args")
        assert met == set(DIFFERENCES) - (set() if view.role.storage else {"initContainers[].command, args"})


def command(body: dict[str, Any], kind: str) -> str:
    (found,) = body["spec"]["template"]["spec"][kind]
    words: list[str] = found["command"] if kind == "initContainers" else found["lifecycle"]["postStart"]["exec"]["command"]
    return words[0]
