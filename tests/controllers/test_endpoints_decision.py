"""Endpoints of a service, as a function of the pods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kdasync.devcluster.controllers.calls import Call, Create, Delete, Patch
from kdasync.devcluster.controllers.endpoints import decide, let_go

Document = dict[str, Any]
Make = Callable[..., Document]


def service(**spec: Any) -> Document:
    base = {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return {"metadata": {"name": "web-hs", "namespace": "ns", "uid": "s"}, "spec": {**base, **spec}}


def subsets(calls: list[Call]) -> list[Document]:
    assert isinstance(calls[0], Create)
    found: list[Document] = calls[0].body["subsets"]
    return found


def test_ready_and_unready_are_kept_apart(pod: Make) -> None:
    found = subsets(decide(service(), pods=[pod("web-0"), pod("web-1", ready=False)], endpoints=None))
    assert [address["targetRef"]["name"] for address in found[0]["addresses"]] == ["web-0"]
    assert [address["targetRef"]["name"] for address in found[0]["notReadyAddresses"]] == ["web-1"]
    assert found[0]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]


def test_a_service_may_publish_early(pod: Make) -> None:
    found = subsets(decide(service(publishNotReadyAddresses=True), pods=[pod("web-1", ready=False)], endpoints=None))
    assert len(found[0]["addresses"]) == 1


def test_host_names_only_under_the_pods_own_subdomain(pod: Make) -> None:
    own, other = pod("web-0"), pod("web-1")
    own["spec"] |= {"hostname": "web-0", "subdomain": "web-hs"}
    other["spec"] |= {"hostname": "web-1", "subdomain": "elsewhere"}
    found = subsets(decide(service(), pods=[own, other], endpoints=None))
    assert [address.get("hostname") for address in found[0]["addresses"]] == ["web-0", None]


def test_pods_without_address_or_ended_or_going_are_left_out(pod: Make) -> None:
    early, ended, going = pod("web-0"), pod("web-1"), pod("web-2", deletionTimestamp="now")
    del early["status"]["podIP"]
    ended["status"]["phase"] = "Failed"
    assert subsets(decide(service(), pods=[early, ended, going], endpoints=None)) == []


def test_named_ports_are_looked_up_in_the_pod(pod: Make) -> None:
    named = pod("web-0")
    named["spec"]["containers"][0]["ports"] = [{"name": "main", "containerPort": 7077}]
    found = subsets(decide(service(ports=[{"port": 80, "targetPort": "main"}]), pods=[named], endpoints=None))
    assert found[0]["ports"] == [{"port": 7077, "protocol": "TCP"}]


def test_a_change_is_patched_and_no_change_is_no_call(pod: Make) -> None:
    endpoints = {"subsets": subsets(decide(service(), pods=[pod("web-0")], endpoints=None))}
    assert decide(service(), pods=[pod("web-0")], endpoints=endpoints) == []
    calls = decide(service(), pods=[], endpoints=endpoints)
    assert isinstance(calls[0], Patch)
    assert calls[0].body == {"subsets": []}


def test_a_service_without_selector_is_not_ours(pod: Make) -> None:
    assert decide(service(selector=None), pods=[pod("web-0")], endpoints=None) == []


def test_only_our_endpoints_go_with_their_service(pod: Make) -> None:
    made = decide(service(), pods=[pod("web-0")], endpoints=None)[0]
    assert isinstance(made, Create)
    ours = {**made.body, "metadata": {**made.body["metadata"], "uid": "e"}}
    assert [type(call) for call in let_go(ours)] == [Delete]
    assert let_go({"metadata": {"name": "web-hs", "namespace": "ns", "uid": "e"}}) == []
