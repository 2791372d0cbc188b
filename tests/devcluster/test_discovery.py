"""Discovery in both forms, version and health."""

from __future__ import annotations

from typing import Any

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def test_aggregated(widgets: Any) -> None:
    answer = await widgets("GET", "/apis", accept=AGGREGATED)
    assert answer.headers["content-type"] == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    groups = {item["metadata"]["name"]: item for item in answer.json["items"]}
    (resource,) = groups["example.com"]["versions"][0]["resources"]
    assert (resource["resource"], resource["scope"], resource["shortNames"]) == ("widgets", "Namespaced", ["wd"])
    assert [item["subresource"] for item in resource["subresources"]] == ["status"]


async def test_plain(api: Any) -> None:
    assert "apps" in [group["name"] for group in (await api("GET", "/apis")).json["groups"]]
    assert (await api("GET", "/apis/apps")).json["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    names = [item["name"] for item in (await api("GET", "/api/v1")).json["resources"]]
    assert {"pods", "pods/exec", "pods/log", "pods/status"} <= set(names)
    assert (await api("GET", "/apis/nope.example.com")).status == 404


async def test_openapi_has_the_custom_kind(widgets: Any) -> None:
    paths = (await widgets("GET", "/openapi/v3")).json["paths"]
    assert paths["apis/example.com/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/example.com/v1?hash=")
    document = (await widgets("GET", "/openapi/v3/apis/example.com/v1")).json
    assert document["components"]["schemas"]["com.example.v1.Widget"]["properties"]["spec"]["required"] == ["size"]


async def test_health_and_version(api: Any) -> None:
    assert (await api("GET", "/readyz")).body == b"ok"
    assert (await api("GET", "/version")).json["gitVersion"].startswith("v1.")
