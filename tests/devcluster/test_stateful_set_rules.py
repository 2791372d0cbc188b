"""What may not change in a StatefulSet, a Service and a Pod."""

from __future__ import annotations

from typing import Any

SETS = "/apis/apps/v1/namespaces/default/statefulsets"
SERVICES = "/api/v1/namespaces/default/services"
PODS = "/api/v1/namespaces/default/pods"
MERGE = "application/merge-patch+json"


def stateful_set(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "metadata": {"name": "s"},
        "spec": {"serviceName": "s", "selector": {"matchLabels": {"a": "b"}}, "template": template, **spec},
    }


async def test_only_some_fields_of_a_stateful_set_change(api: Any) -> None:
    await api.made(SETS, stateful_set())
    answer = await api("PATCH", f"{SETS}/s", {"spec": {"serviceName": "other"}}, kind=MERGE)
    assert answer.status == 422
    assert "spec: Forbidden: updates to statefulset spec for fields other than 'replicas'" in answer.message
    assert (await api("PATCH", f"{SETS}/s", {"spec": {"replicas": 3}}, kind=MERGE)).status == 200


async def test_the_selector_must_match_the_template(api: Any) -> None:
    answer = await api("POST", SETS, stateful_set(selector={"matchLabels": {"a": "c"}}))
    assert answer.status == 422
    assert "`selector` does not match template `labels`" in answer.message


async def test_a_cluster_address_stays(api: Any) -> None:
    made = await api.made(SERVICES, {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})
    assert made["spec"]["clusterIP"].startswith("10.96.")
    answer = await api("PATCH", f"{SERVICES}/s", {"spec": {"clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]}}, kind=MERGE)
    assert answer.status == 422
    assert "may not change once set" in answer.message


async def test_a_service_changes_its_type_and_keeps_or_drops_node_ports(api: Any) -> None:
    made = await api.made(SERVICES, {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}})
    port = made["spec"]["ports"][0]["nodePort"]
    balanced = (await api("PATCH", f"{SERVICES}/s", {"spec": {"type": "LoadBalancer"}}, kind=MERGE)).json["spec"]
    assert (balanced["ports"][0]["nodePort"], balanced["allocateLoadBalancerNodePorts"]) == (port, True)
    plain = (await api("PATCH", f"{SERVICES}/s", {"spec": {"type": "ClusterIP"}}, kind=MERGE)).json["spec"]
    assert "nodePort" not in plain["ports"][0]
    assert "externalTrafficPolicy" not in plain


async def test_a_pods_command_is_fixed_but_its_image_is_not(api: Any) -> None:
    await api.made(PODS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    patch = [{"op": "add", "path": "/spec/containers/0/command", "value": ["x"]}]
    answer = await api("PATCH", f"{PODS}/p", patch, kind="application/json-patch+json")
    assert answer.status == 422
    assert "pod updates may not change fields other than" in answer.message
    patch = [{"op": "replace", "path": "/spec/containers/0/image", "value": "i:2"}]
    assert (await api("PATCH", f"{PODS}/p", patch, kind="application/json-patch+json")).status == 200
