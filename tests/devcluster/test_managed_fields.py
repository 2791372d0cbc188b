"""Updates are recorded in managedFields as the real server records them."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import fieldset

SERVICES = "/api/v1/namespaces/default/services"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
MERGE = "application/merge-patch+json"


async def test_create_owns_what_it_and_the_defaults_set(api: Any) -> None:
    made = await api.made(
        SERVICES, {"metadata": {"name": "s", "labels": {"a": "b"}}, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}}
    )
    (owner,) = made["metadata"]["managedFields"]
    assert (owner["manager"], owner["operation"]) == ("tester", "Update")
    assert owner["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {
            "f:internalTrafficPolicy": {},
            "f:ports": {
                ".": {},
                'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}},
            },
            "f:selector": {},
            "f:sessionAffinity": {},
            "f:type": {},
        },
    }


async def test_status_writes_are_an_entry_of_their_own(widgets: Any) -> None:
    await widgets.made(WIDGETS, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    answer = await widgets("PATCH", f"{WIDGETS}/w/status", {"status": {"phase": "Up"}}, kind=MERGE, agent="operator/1")
    entries = {
        (item["manager"], item.get("subresource", "")): item["fieldsV1"] for item in answer.json["metadata"]["managedFields"]
    }
    assert entries["operator", "status"] == {"f:status": {".": {}, "f:phase": {}}}
    assert entries["tester", ""]["f:spec"] == {".": {}, "f:mode": {}, "f:size": {}}


async def test_an_empty_list_clears_them(widgets: Any) -> None:
    await widgets.made(WIDGETS, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    answer = await widgets("PATCH", f"{WIDGETS}/w", {"metadata": {"managedFields": []}}, kind=MERGE)
    assert "managedFields" not in answer.json["metadata"]


def test_a_field_set_survives_rendering() -> None:
    fields = {"f:spec": {".": {}, "f:a": {}, 'k:{"name":"x"}': {".": {}, "f:name": {}}}}
    assert fieldset.render(fieldset.parse(fields)) == fields
