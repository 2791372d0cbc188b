"""What the specification promises of clusters that nobody recorded: names, labels, tokens, keys, connections, on the whole stack."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from support.bodies import APP, Json, cluster, workers
from support.stack import Stack, run

pytestmark = pytest.mark.looptime
GROUP = "kubedirector.hpe.com"


def app(**changes: Any) -> Json:
    body = copy.deepcopy(APP)
    body["spec"].update(changes)
    return body


def roles(**worker: Any) -> list[Json]:
    master, other = cluster(workers=1)["spec"]["roles"]
    return [master, {**other, **worker}]


async def made(stack: Stack, **spec: Any) -> list[Json]:
    """The members of a cluster that has become configured."""
    await stack.create("kubedirectorclusters", cluster(workers=1, **spec))
    await stack.until(lambda: stack.configured("one"))
    return [member for role in stack.status("one")["roles"] for member in role["members"]]


def configmeta(stack: Stack) -> Json:
    """What the master knows."""
    documents: list[Json] = [json.loads(order.configmeta or b"") for order in stack.guests.orders if order.provenance.node_id == 1]
    return documents[-1]


async def config(stack: Stack, **spec: Any) -> None:
    await stack.send("POST", "/api/v1/namespaces", {"metadata": {"name": "kubedirector"}})
    body = {"metadata": {"name": "kd-global-config"}, "spec": spec}
    await stack.create(
        "kubedirectorconfigs", {"apiVersion": f"{GROUP}/v1beta1", "kind": "KubeDirectorConfig", **body}, "kubedirector"
    )


async def test_a_role_without_ports_has_no_service() -> None:
    only = {"selectedRoles": ["master", "worker"], "roleServices": [{"roleID": "master", "serviceIDs": ["ui"]}]}
    async with run(app=app(config=only)) as stack:
        master, worker = await made(stack)
        assert (master["service"], worker["service"]) == (f"s-{master['pod']}", "n/a")
        assert sorted(item["metadata"]["name"] for item in stack.all("services")) == sorted(
            [stack.status("one")["clusterService"], f"s-{master['pod']}"]
        )
        assert configmeta(stack)["nodegroups"]["1"]["roles"]["worker"]["services"] == {}


async def test_names_by_cluster_and_role() -> None:
    async with run() as stack:
        master, worker = await made(stack, namingScheme="CrNameRole")
        assert re.fullmatch(r"one-master-[a-z0-9]+-0", master["pod"])
        assert re.fullmatch(r"one-worker-[a-z0-9]+-0", worker["pod"])
        assert [member["service"] for member in (master, worker)] == [master["pod"], worker["pod"]]
        assert re.fullmatch(r"one[a-z0-9]+", stack.status("one")["clusterService"])
        assert stack.find("services", worker["pod"]) is not None


async def test_labels_and_annotations_of_role_and_config_the_latter_wins() -> None:
    async with run(start=False) as stack:
        await config(stack, podLabels={"a": "config"}, serviceLabels={"s": "config"}, podAnnotations={"x": "config"})
        stack.start_operator()
        mine = roles(podLabels={"a": "role", "b": "role"}, serviceLabels={"t": "role"}, serviceAnnotations={"y": "role"})
        _, worker = await made(stack, roles=mine)
        pod, service = stack.find("pods", worker["pod"]), stack.find("services", worker["service"])
        found = stack.find("statefulsets", worker["pod"].rsplit("-", 1)[0])
        assert pod is not None
        assert service is not None
        assert found is not None
        assert {key: pod["metadata"]["labels"][key] for key in "ab"} == {"a": "config", "b": "role"}
        assert found["spec"]["selector"]["matchLabels"] == found["spec"]["template"]["metadata"]["labels"]
        assert pod["metadata"]["annotations"]["x"] == "config"
        assert {key: service["metadata"]["labels"].get(key) for key in "sta"} == {"s": "config", "t": "role", "a": None}
        assert service["metadata"]["annotations"]["y"] == "role"


async def test_a_token_is_the_same_in_status_service_and_configmeta() -> None:
    endpoint = {"port": 80, "urlScheme": "http", "isDashboard": True, "hasAuthToken": True}
    async with run(app=app(services=[{"id": "ui", "label": {"name": "UI"}, "endpoint": endpoint}])) as stack:
        master, worker = await made(stack)
        assert re.fullmatch(r"[0-9a-f]{32}", master["authToken"])
        assert worker["authToken"] != master["authToken"]
        service = stack.find("services", master["service"])
        assert service is not None
        assert service["metadata"]["annotations"][f"{GROUP}/kd-auth-token"] == master["authToken"]
        assert configmeta(stack)["nodegroups"]["1"]["roles"]["master"]["services"]["ui"]["authToken"] == master["authToken"]


async def test_block_devices_are_in_status_and_configmeta() -> None:
    async with run() as stack:
        blocks = {"storageClassName": "std", "numDevices": 2, "pathPrefix": "/dev/vd", "size": "1Gi"}
        body = cluster(workers=1)
        body["spec"]["roles"][1]["blockStorage"] = blocks
        await stack.send("POST", "/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "std"}, "provisioner": "p"})
        await stack.create("kubedirectorclusters", body)
        await stack.until(lambda: len(stack.all("pods")) == 2)
        await stack.pause(5)
        by_role = {role["id"]: role["members"][0] for role in stack.status("one")["roles"]}
        assert by_role["worker"]["blockDevicePaths"] == ["/dev/vd0", "/dev/vd1"]
        assert "blockDevicePaths" not in by_role["master"]
        assert "pvc" not in by_role["worker"]


async def test_secret_keys_reach_their_role_only() -> None:
    async with run() as stack:
        await made(stack, roles=roles(secretKeys=[{"name": "k", "value": "v"}]))
        by_role = {order.provenance.role: json.loads(order.configmeta or b"") for order in stack.guests.orders}
        assert by_role["worker"]["nodegroups"]["1"]["roles"]["worker"]["secret_keys"] == {"k": "v"}
        assert "secret_keys" not in by_role["master"]["nodegroups"]["1"]["roles"]["worker"]


async def test_connected_objects_are_published_and_their_change_is_told() -> None:
    async with run() as stack:
        path = "/api/v1/namespaces/default"
        await stack.send(
            "POST", f"{path}/configmaps", {"metadata": {"name": "c", "labels": {f"{GROUP}/cmType": "t"}}, "data": {"a": "1"}}
        )
        secret = {"metadata": {"name": "s", "labels": {f"{GROUP}/secretType": "u"}}, "data": {"b": "eA=="}}
        await stack.send("POST", f"{path}/secrets", secret)
        await stack.send("POST", f"{path}/configmaps", {"metadata": {"name": "plain"}, "data": {"a": "1"}})
        await made(stack, connections={"configmaps": ["c", "plain", "none"], "secrets": ["s"]})
        found = configmeta(stack)["connections"]
        assert [(kind, [item["data"] for item in items]) for kind, items in found["configmaps"].items()] == [("t", [{"a": "1"}])]
        assert found["secrets"]["u"][0]["data"] == {"b": "eA=="}
        assert found["secrets"]["u"][0]["metadata"] == {"name": "cw=="}
        assert {args for _, args in stack.guests.calls} == {"--configure"}
        await stack.send("PATCH", f"{path}/configmaps/c", {"data": {"a": "2"}}, media="application/merge-patch+json")
        await stack.until(lambda: len(stack.guests.calls) == 4)
        await stack.until(lambda: stack.configured("one"))
        assert configmeta(stack)["connections"]["configmaps"]["t"][0]["data"] == {"a": "2"}
        assert [args for _, args in stack.guests.calls[2:]] == ["--reconnect", "--reconnect"]
        body = stack.find("kubedirectorclusters", "one")
        assert body is not None
        assert body["metadata"]["annotations"][f"{GROUP}/hashChangeCounter"] == "1"
        details = [m["stateDetail"] for role in body["status"]["roles"] for m in role["members"]]
        assert {(d["lastConnectionVersion"], d["lastConfigDataGeneration"], d["lastSetupGeneration"]) for d in details} == {
            (1, 2, 2)
        }


async def test_a_connected_cluster_is_described_and_its_growth_is_told() -> None:
    async with run() as stack:
        await stack.create("kubedirectorclusters", cluster("other", workers=1))
        await stack.until(lambda: stack.configured("other"))
        await made(stack, connections={"clusters": ["other"]})
        found = configmeta(stack)["connections"]["clusters"]["other"]
        assert len(found["nodegroups"]["1"]["roles"]["worker"]["fqdns"]) == 1
        assert (found["node"], found["connections"]) == (None, {"clusters": None, "configmaps": None, "secrets": None})
        await stack.merge("other", workers(3))
        mine = set(stack.members("one"))
        await stack.until(lambda: {(pod, args) for pod, args in stack.guests.calls} >= {(pod, "--reconnect") for pod in mine})
        await stack.until(lambda: stack.configured("one"))
        grown = json.loads([o.configmeta for o in stack.guests.orders if o.event.startswith("reconnect")][-1] or b"")
        assert len(grown["connections"]["clusters"]["other"]["nodegroups"]["1"]["roles"]["worker"]["fqdns"]) == 3


async def test_a_role_without_members_is_absent() -> None:
    async with run() as stack:
        await stack.create("kubedirectorclusters", cluster(workers=0))
        await stack.until(lambda: stack.configured("one"))
        assert [role["id"] for role in stack.status("one")["roles"]] == ["master"]
        assert len(stack.all("statefulsets")) == 1
        assert list(configmeta(stack)["nodegroups"]["1"]["roles"]) == ["master"]


async def test_event_lists_are_honoured() -> None:
    deaf = [
        {"id": "master", "cardinality": "1", "eventList": ["configure"]},
        {"id": "worker", "cardinality": "0+", "eventList": ["addnodes"]},
    ]
    async with run(app=app(roles=deaf)) as stack:
        master, worker = await made(stack)
        assert [args for _, args in stack.guests.calls] == ["--configure"]
        assert stack.guests.of(master["pod"]) == ["--configure"]
        assert (worker["state"], worker["stateDetail"]["lastSetupGeneration"]) == ("configured", 1)
        await stack.merge("one", workers(2))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(master["pod"]) == ["--configure"]
        assert [args.split()[0] for args in stack.guests.of(worker["pod"])] == ["--addnodes"]
        await stack.merge("one", workers(1))
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.guests.of(worker["pod"])) == 1


async def test_a_default_event_list_and_a_role_without_package() -> None:
    quiet = {"defaultEventList": ["configure"], "defaultConfigPackage": {"packageURL": "http://packages/demo.tgz"}}
    mixed = [{"id": "master", "cardinality": "1"}, {"id": "worker", "cardinality": "0+", "configPackage": None}]
    async with run(app=app(roles=mixed, **quiet)) as stack:
        master, worker = await made(stack)
        assert stack.guests.calls == [(master["pod"], "--configure")]
        assert "lastConfigDataGeneration" not in worker["stateDetail"]
        assert "lastSetupGeneration" not in worker["stateDetail"]
        await stack.merge("one", workers(2))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.calls == [(master["pod"], "--configure")]


async def test_default_secret_and_shared_memory_are_mounted() -> None:
    async with run() as stack:
        await stack.send("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"name": "kd-s"}, "data": {"b": "eA=="}})
        secret = {"name": "kd-s", "mountPath": "/mnt/s", "readOnly": True}
        _, worker = await made(stack, defaultSecret=secret, roles=roles(sharedMemory="16Mi"))
        pod = stack.find("pods", worker["pod"])
        assert pod is not None
        mounts = {mount["mountPath"]: mount for mount in pod["spec"]["containers"][0]["volumeMounts"]}
        assert mounts["/mnt/s"]["readOnly"] is True
        assert mounts["/dev/shm"]["name"] == "shmem"  # noqa: S108 - the path that is promised
