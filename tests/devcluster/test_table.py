"""Tables: what kubectl get shows."""

from __future__ import annotations

from typing import Any

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def test_pod_rows(api: Any) -> None:
    path = "/api/v1/namespaces/default/pods"
    await api.made(path, {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "i"}]}})
    waiting = {"name": "a", "ready": False, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    patch = {"status": {"phase": "Running", "containerStatuses": [waiting]}}
    await api("PATCH", f"{path}/p/status", patch, kind="application/merge-patch+json")
    table = (await api("GET", path, accept=TABLE)).json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"] if not column["priority"]] == [
        "Name",
        "Ready",
        "Status",
        "Restarts",
        "Age",
    ]
    assert table["rows"][0]["cells"][:5] == ["p", "0/1", "CrashLoopBackOff", "2", "0s"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_printer_columns_of_a_definition(api: Any) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    columns = [
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": columns,
    }
    names = {"kind": "Thing", "plural": "things"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    await api.made(CRDS, {"metadata": {"name": "things.example.com"}, "spec": spec})
    path = "/apis/example.com/v1/namespaces/default/things"
    status = {"conditions": [{"type": "Other", "status": "no"}, {"type": "Ready", "status": "True"}]}
    await api.made(path, {"kind": "Thing", "metadata": {"name": "t"}, "spec": {"size": 3}, "status": status})
    table = (await api("GET", f"{path}/t", accept=TABLE)).json
    assert [(item["name"], item["priority"]) for item in table["columnDefinitions"]] == [
        ("Name", 0),
        ("Ready", 0),
        ("Size", 1),
        ("Age", 0),
    ]
    assert table["rows"][0]["cells"] == ["t", "True", 3, "0s"]


async def test_json_is_preferred_if_named_first(api: Any) -> None:
    assert (await api("GET", "/api/v1/namespaces", accept="application/json")).json["kind"] == "NamespaceList"
