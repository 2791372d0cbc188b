"""What of a cluster may change while it has members, and what the refusal says to do instead."""

from __future__ import annotations

import copy
from typing import Any

import pytest

Json = dict[str, Any]


def with_role(cluster: Json, index: int, **changes: Any) -> Json:
    result = copy.deepcopy(cluster)
    result["spec"]["roles"][index].update(changes)
    return result


def with_spec(cluster: Json, **changes: Any) -> Json:
    result = copy.deepcopy(cluster)
    result["spec"].update(changes)
    return result


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"app": "other"}, "spec.app: 'demo' cannot become 'other'. Create a new cluster, and delete this one when"),
        ({"appCatalog": "system"}, "spec.appCatalog: 'local' cannot become 'system'."),
    ],
)
async def test_fixed(running: Any, app: Any, cluster: Any, spec: Json, message: str) -> None:
    for name, space in (("other", "default"), ("demo", "kubedirector")):
        body = {**app, "metadata": {"name": name, "namespace": space}}
        await running.must("POST", running.path(body), body)
    answer = await running.update(with_spec(cluster, **spec))
    assert (answer.status, message in answer.message) == (422, True), answer.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("env", [{"name": "A", "value": "1"}]),
        ("resources", {"limits": {"memory": "2Gi", "cpu": "1"}}),
        ("podLabels", {"a": "b"}),
        ("secret", {"name": "s1", "mountPath": "/s"}),
        ("sharedMemory", "1Gi"),
        ("blockStorage", {"pathPrefix": "/dev/x", "numDevices": 1, "storageClassName": "std"}),
        ("fileInjections", [{"srcURL": "http://h/f", "destDir": "/x"}]),
        ("affinity", {"podAntiAffinity": {}}),
        ("secretKeys", [{"name": "k", "value": "v"}]),
    ],
)
async def test_a_role_with_members(running: Any, cluster: Any, field: str, value: Any) -> None:
    answer = await running.update(with_role(cluster, 1, **{field: value}))
    said = f"spec.roles[1].{field}: cannot change while role worker has members. Set its members to 0 and wait until they are gone"
    assert (answer.status, said in answer.message) == (422, True), answer.message
    await running.populate("one", "master")
    assert (await running.update(with_role(cluster, 1, **{field: value}))).status == 200


async def test_members_change_without_a_status_in_the_manifest(running: Any, cluster: Any) -> None:
    assert (await running.update(with_role(cluster, 1, members=5))).status == 200


async def test_the_same_manifest_again(running: Any, cluster: Any) -> None:
    answer = await running.update(cluster)
    assert answer.status == 200
    assert answer.json["spec"]["appCatalog"] == "local"


async def test_another_way_to_write_the_same(running: Any, cluster: Any) -> None:
    same = {"limits": {"memory": "1024Mi", "cpu": "1000m"}, "requests": {}}
    answer = await running.update(with_role(cluster, 1, resources=same, env=[], podLabels={}))
    assert answer.status == 200, answer.message


async def test_a_role_that_is_still_going_is_not_added_again(running: Any, cluster: Any) -> None:
    less = with_spec(cluster, roles=cluster["spec"]["roles"][:1])
    assert (await running.update(less)).status == 200
    answer = await running.update(cluster)
    assert "spec.roles[1]: role worker is still being removed. Add it again when its last member is gone" in answer.message
    await running.populate("one", "master")
    assert (await running.update(cluster)).status == 200


@pytest.mark.parametrize(
    "spec",
    [
        {"serviceType": "NodePort"},
        {"connections": {"clusters": ["x"]}},
        {"kdasync": {"paused": True}},
        {"namingScheme": "CrNameRole"},
    ],
)
async def test_live_fields(running: Any, cluster: Any, spec: Json) -> None:
    assert (await running.update(with_spec(cluster, **spec))).status == 200


async def test_what_was_wrong_before_never_blocks(running: Any, cluster: Any) -> None:
    """The app, the storage class and the Secret are gone: scaling works."""
    mounted = with_role(cluster, 0, secret={"name": "s1", "mountPath": "/s"})
    mounted["metadata"]["name"] = "two"
    await running.must("POST", running.path(mounted), mounted)
    await running.populate("two", "master", "worker")
    assert (await running.send("DELETE", "/api/v1/namespaces/default/secrets/s1")).status == 200
    assert (await running.update(with_role(mounted, 1, members=7))).status == 200
    answer = await running.update(with_role(mounted, 0, members=2))
    assert "spec.roles[0].members: role master has 2 members, the app allows 1." in answer.message
    assert "Secret" not in answer.message


async def test_default_secret_on_a_live_cluster_waits(running: Any, cluster: Any) -> None:
    answer = await running.update(with_spec(cluster, defaultSecret={"name": "s1", "mountPath": "/s"}))
    assert answer.status == 200, answer.message
    assert [role.get("secret") for role in answer.json["spec"]["roles"]] == [None, None]
    await running.populate("one", "master")
    again = await running.update(with_spec(cluster, defaultSecret={"name": "s1", "mountPath": "/s"}))
    assert [role.get("secret", {}).get("name") for role in again.json["spec"]["roles"]] == [None, "s1"]


async def test_default_secret_is_applied_again(running: Any, cluster: Any) -> None:
    body = with_spec(cluster, defaultSecret={"name": "s1", "mountPath": "/s"})
    body["metadata"]["name"] = "two"
    await running.must("POST", running.path(body), body)
    await running.populate("two", "master", "worker")
    answer = await running.update(with_role(body, 1, members=3))
    assert answer.status == 200, answer.message
    assert [role["secret"]["name"] for role in answer.json["spec"]["roles"]] == ["s1", "s1"]


async def test_status_comes_from_what_is_stored(running: Any, cluster: Any) -> None:
    """A writer cannot free a role by claiming another status."""
    claimed = {**with_role(cluster, 1, env=[{"name": "A", "value": "1"}]), "status": {"roles": []}}
    assert (await running.update(claimed)).status == 422


async def test_metadata_changes_also_when_the_app_is_gone(running: Any, cluster: Any) -> None:
    running.plane.storage.remove("kubedirector.hpe.com/kubedirectorapps", "default", "demo")
    assert (await running.merge(cluster, {"metadata": {"labels": {"a": "b"}}})).status == 200


async def test_a_class_that_was_defaulted_stays(running: Any, cluster: Any) -> None:
    path = "/apis/storage.k8s.io/v1/storageclasses"
    notes = {"storageclass.kubernetes.io/is-default-class": "true"}
    await running.must("POST", path, {"metadata": {"name": "old", "annotations": notes}, "provisioner": "x/y"})
    body = with_role(cluster, 0, storage={"size": "1Gi"})
    body["metadata"]["name"] = "two"
    await running.must("POST", running.path(body), body)
    await running.populate("two", "master", "worker")
    await running.must("POST", path, {"metadata": {"name": "a-new", "annotations": notes}, "provisioner": "x/y"})
    answer = await running.update(with_role(body, 1, members=3))
    assert answer.status == 200, answer.message
    assert answer.json["spec"]["roles"][0]["storage"]["storageClassName"] == "old"
