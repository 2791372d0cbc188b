"""A create fills in system fields and is refused in the real server's words."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "/api/v1/namespaces/default/configmaps"


async def test_system_fields_are_the_servers(api: Any) -> None:
    meta = {"name": "a", "uid": "mine", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 9}
    made = (await api.made(PATH, {"metadata": meta, "data": {"k": "v"}}))["metadata"]
    assert made["uid"] != "mine"
    assert made["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert made["namespace"] == "default"
    assert "generation" not in made
    assert int(made["resourceVersion"]) == api.plane.storage.version


async def test_generate_name(api: Any) -> None:
    made = await api.made(PATH, {"metadata": {"generateName": "x-"}})
    name = made["metadata"]["name"]
    assert name.startswith("x-")
    assert len(name) == 7
    assert (await api("GET", f"{PATH}/{name}")).status == 200


async def test_twice_is_already_exists(api: Any) -> None:
    await api.made(PATH, {"metadata": {"name": "a"}})
    answer = await api("POST", PATH, {"metadata": {"name": "a"}})
    assert answer.status == 409
    assert answer.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "a" already exists',
        "reason": "AlreadyExists",
        "details": {"name": "a", "kind": "configmaps"},
        "code": 409,
    }


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"metadata": {}}, 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
        (
            {"metadata": {"name": "A"}},
            422,
            'ConfigMap "A" is invalid: metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain',
        ),
        ({"metadata": {"name": "a", "resourceVersion": "1"}}, 500, "resourceVersion should not be set on objects to be created"),
        (
            {"metadata": {"name": "a", "namespace": "b"}},
            400,
            "the namespace of the provided object does not match the namespace sent",
        ),
        ({"kind": "Pod", "metadata": {"name": "a"}}, 400, "cannot be handled as a ConfigMap"),
        (
            {"metadata": {"name": "a", "labels": {"k": "no good"}}},
            422,
            'metadata.labels: Invalid value: "no good": a valid label must be',
        ),
        (b"{", 400, "the object provided is unrecognized"),
    ],
)
async def test_refusals(api: Any, body: Any, status: int, message: str) -> None:
    answer = await api("POST", PATH, body)
    assert answer.status == status
    assert message in answer.message


async def test_missing_and_ending_namespaces(api: Any) -> None:
    answer = await api("POST", "/api/v1/namespaces/nope/configmaps", {"metadata": {"name": "a"}})
    assert (answer.status, answer.message) == (404, 'namespaces "nope" not found')
    await api("DELETE", "/api/v1/namespaces/default")
    answer = await api("POST", PATH, {"metadata": {"name": "a"}})
    assert answer.status == 403
    assert "unable to create new content in namespace default because it is being terminated" in answer.message


async def test_dry_run_stores_nothing(api: Any) -> None:
    before = api.plane.storage.version
    answer = await api("POST", PATH, {"metadata": {"name": "a"}}, dryRun="All")
    assert answer.status == 201
    assert api.plane.storage.version == before
    assert (await api("GET", f"{PATH}/a")).status == 404


async def test_unknown_fields_are_dropped_told_or_refused(api: Any) -> None:
    body = {"metadata": {"name": "a"}, "data": {}, "bogus": 1}
    refused = await api("POST", PATH, body, fieldValidation="Strict")
    assert refused.status == 400
    assert refused.message.endswith('strict decoding error: unknown field "bogus"')
    warned = await api("POST", PATH, body)
    assert warned.headers["warning"] == '299 - "unknown field \\"bogus\\""'
    assert "bogus" not in warned.json


async def test_unknown_kinds_are_not_found(api: Any) -> None:
    for path in ("/apis/apps/v1/namespaces/default/deployments", "/apis/nope/v1/things", "/api/v1/namespaces/default/nope"):
        assert (await api("GET", path)).status == 404
