"""configmeta.json, against what KubeDirector wrote and by its differences."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kdasync.api.app import AppSpec, Config, Endpoint, Label, RoleServices, Service
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.guest.configmeta import (
    ClusterView,
    ConfigmetaInput,
    MemberView,
    Published,
    RoleView,
    for_member,
    render_shared,
)

SHARED = Path(os.environ.get("KDASYNC_SHARED", str(Path(__file__).parents[3] / "shared")))
RECORDS = sorted((SHARED / "testdata/kubedirector/golden/real").glob("cr*.json"))


def recorded(record: dict[str, Any]) -> ConfigmetaInput:
    app = msgspec.convert(record["stored"]["app"], AppSpec)
    cluster = msgspec.convert(record["stored"]["cluster"], KubeDirectorCluster)
    assert cluster.status
    members = {role.id: role.members for role in cluster.status.roles}
    roles = tuple(
        RoleView(
            id=role.id,
            members=tuple(
                MemberView(node_id=m.node_id, pod=m.pod, auth_token=m.auth_token, block_device_paths=tuple(m.block_device_paths))
                for m in members.get(role.id, [])
            ),
            memory=role.resources.limits.get("memory", 0),
            cpu=role.resources.limits.get("cpu", 0),
        )
        for role in cluster.spec.roles
    )
    return ConfigmetaInput(
        cluster=ClusterView(
            name=cluster.metadata.name,
            uid=cluster.metadata.uid,
            namespace=cluster.metadata.namespace,
            app=app,
            service=cluster.status.cluster_service,
            roles=roles,
        )
    )


def without_additions(value: Any) -> Any:
    """The document without the key that KubeDirector does not have."""
    if isinstance(value, dict):
        return {key: without_additions(item) for key, item in value.items() if key != "authTokens"}
    return [without_additions(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_equals_what_kubedirector_wrote(path: Path) -> None:
    record = json.loads(path.read_text())
    given = recorded(record)
    shared = render_shared(given)
    by_pod = {member.pod: member.node_id for role in given.cluster.roles for member in role.members}
    assert record["configmeta"]
    for pod, theirs in record["configmeta"].items():
        assert without_additions(json.loads(for_member(shared, by_pod[pod]))) == theirs


def test_records_were_found() -> None:
    assert len(RECORDS) >= 6 or not SHARED.exists()


def demo(**changes: Any) -> ConfigmetaInput:
    web = Service(id="ui", label=Label("<&>"), endpoint=Endpoint(80, has_auth_token=True), exported_service="x")
    plain = Service(id="ssh")
    app = AppSpec(
        distro_id="d",
        version="1",
        config_schema_version=8,
        services=[web, plain],
        config=Config(role_services=[RoleServices(role_id=role, service_ids=["ui", "ssh"]) for role in ("b", "a", "none")]),
    )
    roles = (
        RoleView(
            id="b",
            members=tuple(MemberView(node_id=n, pod=f"b-{n}", auth_token=f"t{n}") for n in (5, 2)),
            memory="1.5Gi",
            cpu="1100m",
            secret_keys=(("k", "vb"),),
        ),
        RoleView(id="a", members=(MemberView(node_id=3, pod="a-0", auth_token=f"t{3}", block_device_paths=("/dev/b0",)),)),
        RoleView(id="none"),
    )
    cluster = ClusterView(name="c", uid="u", namespace="n", service="h", app=app, roles=roles)
    return ConfigmetaInput(cluster=cluster, **changes)


def shown(given: ConfigmetaInput, node_id: int) -> Any:
    return json.loads(for_member(render_shared(given), node_id))


def test_the_text_is_gos() -> None:
    text = for_member(render_shared(demo()), 3).decode()
    assert text.startswith('{"version":"8","services":{"ssh":{"1":{"a":{"bdvlibrefkey":')
    assert '"name":"\\u003c\\u0026\\u003e"' in text
    assert text.endswith(
        '"depends_on":{},"block_device_paths":["/dev/b0"]},"connections":{"clusters":{},"configmaps":{},"secrets":{}}}'
    )
    assert '"flavor":{"storage":"n/a","name":"n/a","memory":"1536","description":"n/a","cores":"2"}' in text
    assert list(json.loads(text)) == ["version", "services", "nodegroups", "distros", "cluster", "node", "connections"]


def test_members_keep_the_order_of_their_ordinals() -> None:
    role = shown(demo(), 3)["nodegroups"]["1"]["roles"]["b"]
    assert role["node_ids"] == ["5", "2"]
    assert role["fqdns"] == role["hostnames"] == ["b-5.h.n.svc.cluster.local", "b-2.h.n.svc.cluster.local"]
    assert role["services"]["ssh"]["endpoints"] is None


def test_a_role_without_members_is_absent_everywhere() -> None:
    assert "none" not in json.dumps(shown(demo(), 3))


def test_a_token_is_the_members_own_in_its_own_role() -> None:
    def token(node_id: int, role: str) -> Any:
        service = shown(demo(), node_id)["nodegroups"]["1"]["roles"][role]["services"]["ui"]
        assert service["authTokens"]["b-5.h.n.svc.cluster.local" if role == "b" else "a-0.h.n.svc.cluster.local"]
        return service["authToken"]

    assert (token(5, "b"), token(2, "b"), token(3, "b"), token(5, "a")) == ("t5", "t2", "t2", "t3")


def test_secret_keys_go_to_their_own_role_only_unless_shared() -> None:
    def keys(given: ConfigmetaInput, node_id: int) -> Any:
        return shown(given, node_id)["nodegroups"]["1"]["roles"]["b"].get("secret_keys")

    assert keys(demo(), 5) == {"k": "vb"}
    assert keys(demo(), 3) is None
    assert keys(demo(share_secret_keys=True), 3) == {"k": "vb"}


def test_a_connected_cluster_lists_every_member_and_refers_to_itself() -> None:
    other = msgspec.structs.replace(demo().cluster, name="other")
    inner = shown(demo(clusters=(other,)), 3)["connections"]["clusters"]["other"]
    assert inner["node"] is None
    assert inner["connections"] == {"clusters": None, "configmaps": None, "secrets": None}
    role = inner["nodegroups"]["1"]["roles"]["b"]
    assert role["node_ids"] == ["5", "2"]
    assert "secret_keys" not in role
    prefix = ["connections", "clusters", "other", "nodegroups", "1"]
    assert role["services"]["ui"]["fqdns"] == {"bdvlibrefkey": [*prefix, "roles", "b", "fqdns"]}
    assert inner["cluster"]["config_metadata"]["1"] == {"bdvlibrefkey": [*prefix, "config_metadata"]}
    assert inner["distros"]["d"]["1"] == {"bdvlibrefkey": prefix}
    assert inner["services"]["ui"]["1"]["b"] == {"bdvlibrefkey": [*prefix, "roles", "b", "services", "ui"]}


def test_config_maps_are_plain_and_secrets_are_base64_throughout() -> None:
    maps = (Published(name="m", type="model", data={"b": "2", "a": "1"}, labels={"l": "v"}),)
    secrets = (Published(name="s", type="t", data={"k": "cGxhaW4="}, annotations={"x": "y"}),)
    connections = shown(demo(configmaps=maps, secrets=secrets), 3)["connections"]
    assert connections["configmaps"] == {
        "model": [{"metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}, "labels": {"l": "v"}, "annotations": None}]
    }
    assert connections["secrets"] == {
        "t": [{"metadata": {"name": "cw=="}, "data": {"k": "cGxhaW4="}, "labels": None, "annotations": {"x": "eQ=="}}]
    }


def test_an_unknown_member_is_refused() -> None:
    with pytest.raises(KeyError):
        for_member(render_shared(demo()), 99)
