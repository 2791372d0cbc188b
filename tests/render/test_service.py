"""Services of clusters and members (spec/kubedirector-runtime.md sections 2.2 and 2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.render.keys import AUTH_TOKEN
from kdasync.render.service import headless_service, member_service


def test_headless(build: Any) -> None:
    view = build()
    made = headless_service(view.cluster, view.app)
    assert (made.kind, made.namespace, made.name) == ("Service", "ns", view.headless)
    assert made.body["spec"] == {
        "clusterIP": "None",
        "selector": {"kubedirector.hpe.com/headless": "c"},
        "publishNotReadyAddresses": True,
        "ports": [{"name": "port", "port": 8888}],
    }


def test_member(build: Any) -> None:
    view = build(cluster={"serviceType": "ClusterIP"})
    made = member_service(view, 2)
    assert made.name == f"s-{view.stateful_set}-2"
    assert made.body["spec"] == {
        "type": "ClusterIP",
        "selector": {"statefulset.kubernetes.io/pod-name": f"{view.stateful_set}-2"},
        "publishNotReadyAddresses": True,
        "ports": [{"name": "http-web", "port": 80}],
    }
    assert AUTH_TOKEN not in made.body["metadata"]["annotations"]


def test_token_is_an_annotation(build: Any) -> None:
    assert member_service(build(), 0, auth_token="t").body["metadata"]["annotations"][AUTH_TOKEN] == "t"  # noqa: S106


def test_recorded_name_wins(build: Any) -> None:
    assert member_service(build(), 0, name="old").name == "old"


def test_no_ports_no_service(build: Any) -> None:
    assert member_service(build(app={"services": [{"id": "web"}]}), 0) is None


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (None, "LoadBalancer"),
        ("ClusterIP", "ClusterIP"),
        ("LoadBalancer", "LoadBalancer"),
        ("NodePort", "NodePort"),
        ("x", "NodePort"),
    ],
)
def test_type(build: Any, wanted: str | None, made: str) -> None:
    assert member_service(build(cluster={"serviceType": wanted}), 0).body["spec"]["type"] == made


def test_ports_come_in_the_apps_order_with_generic_names(build: Any) -> None:
    app = {
        "services": [
            {"id": "b", "endpoint": {"port": 2}},
            {"id": "x", "endpoint": {"port": 9}},
            {"id": "a", "endpoint": {"port": 1}},
        ],
        "config": {"roleServices": [{"roleID": "r", "serviceIDs": ["a", "b"]}]},
    }
    assert member_service(build(app=app), 0).body["spec"]["ports"] == [
        {"name": "generic-b", "port": 2},
        {"name": "generic-a", "port": 1},
    ]
