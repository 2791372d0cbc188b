"""CustomResourceDefinitions become served kinds, and stop being served."""

from __future__ import annotations

from typing import Any

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATH = "/apis/example.com/v1/namespaces/default/widgets"


async def test_established_and_discovered(widgets: Any) -> None:
    definition = (await widgets("GET", f"{CRDS}/widgets.example.com")).json
    conditions = {item["type"]: item["status"] for item in definition["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert definition["status"]["acceptedNames"]["listKind"] == "WidgetList"
    found = (await widgets("GET", "/apis/example.com/v1")).json["resources"]
    assert [item["name"] for item in found] == ["widgets", "widgets/status"]
    assert found[0]["shortNames"] == ["wd"]


async def test_deleting_it_removes_its_objects(widgets: Any) -> None:
    await widgets.made(PATH, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    await widgets("DELETE", f"{CRDS}/widgets.example.com")
    assert (await widgets("GET", f"{PATH}/w")).status == 404
    assert widgets.plane.storage.list("example.com/widgets") == []


async def test_a_wrong_name_is_refused(api: Any) -> None:
    names = {"kind": "Thing", "plural": "things"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    answer = await api("POST", CRDS, {"metadata": {"name": "wrong.example.com"}, "spec": spec})
    assert answer.status == 422
    assert 'metadata.name: Invalid value: "wrong.example.com": must be spec.names.plural+"."+spec.group' in answer.message


async def test_a_changed_schema_counts_at_once(widgets: Any) -> None:
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum"
    patch = [{"op": "replace", "path": path, "value": 20}]
    await widgets("PATCH", f"{CRDS}/widgets.example.com", patch, kind="application/json-patch+json")
    assert (await widgets("POST", PATH, {"metadata": {"name": "w"}, "spec": {"size": 15}})).status == 201


async def test_an_object_with_a_finalizer_holds_its_definition(widgets: Any) -> None:
    await widgets.made(PATH, {"metadata": {"name": "w", "finalizers": ["x/y"]}, "spec": {"size": 1}})
    await widgets("DELETE", f"{CRDS}/widgets.example.com")
    assert (await widgets("GET", f"{PATH}/w")).json["metadata"]["deletionTimestamp"]
    assert (await widgets("GET", f"{CRDS}/widgets.example.com")).status == 200
    await widgets("PATCH", f"{PATH}/w", {"metadata": {"finalizers": None}}, kind="application/merge-patch+json")
    assert (await widgets("GET", f"{CRDS}/widgets.example.com")).status == 404
    assert (await widgets("GET", PATH)).status == 404
