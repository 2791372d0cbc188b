"""Admission webhooks mutate, refuse, fail, and are skipped by selector."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from kdasync.kube.transport import Request, Response

MAPS = "/api/v1/namespaces/default/configmaps"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
MERGE = "application/merge-patch+json"


def configuration(kind: str, **hook: Any) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE", "UPDATE", "DELETE"]}
    entry = {
        "name": "check.example.com",
        "rules": [rule],
        "clientConfig": {"service": {"namespace": "default", "name": "hook"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **hook,
    }
    return {"kind": kind, "metadata": {"name": "hooks"}, "webhooks": [entry]}


def serve(api: Any, answer: Callable[[Any], Any]) -> list[Any]:
    seen: list[Any] = []

    async def handler(request: Request) -> Response:
        asked = json.loads(request.body)["request"]
        seen.append(asked)
        body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": asked["uid"], **answer(asked)}}
        return Response(200, {}, json.dumps(body).encode())

    api.plane.services["default", "hook"] = handler
    return seen


async def mutating(api: Any, **hook: Any) -> None:
    await api.made(f"{HOOKS}/mutatingwebhookconfigurations", configuration("MutatingWebhookConfiguration", **hook))


async def validating(api: Any, **hook: Any) -> None:
    await api.made(f"{HOOKS}/validatingwebhookconfigurations", configuration("ValidatingWebhookConfiguration", **hook))


def patch(*operations: Any) -> Any:
    text = base64.b64encode(json.dumps(operations).encode()).decode()
    return lambda _: {"allowed": True, "patchType": "JSONPatch", "patch": text}


async def test_a_mutation_is_stored(api: Any) -> None:
    seen = serve(api, patch({"op": "add", "path": "/data", "value": {"by": "hook"}}))
    await mutating(api)
    made = await api.made(MAPS, {"metadata": {"name": "a"}})
    assert made["data"] == {"by": "hook"}
    assert (seen[0]["operation"], seen[0]["name"], seen[0]["namespace"]) == ("CREATE", "a", "default")
    assert seen[0]["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}


async def test_a_refusal_has_the_webhooks_words(api: Any) -> None:
    serve(api, lambda asked: {"allowed": asked["operation"] == "CREATE", "status": {"message": "it is frozen"}})
    await validating(api)
    await api.made(MAPS, {"metadata": {"name": "a"}})
    for answer in (await api("PATCH", f"{MAPS}/a", {"data": {"x": "1"}}, kind=MERGE), await api("DELETE", f"{MAPS}/a")):
        assert answer.status == 400
        assert answer.message == 'admission webhook "check.example.com" denied the request: it is frozen'
    assert (await api("GET", f"{MAPS}/a")).status == 200


@pytest.mark.parametrize(("policy", "status"), [("Fail", 500), ("Ignore", 201)])
async def test_a_webhook_that_fails(api: Any, policy: str, status: int) -> None:
    await validating(api, failurePolicy=policy)
    answer = await api("POST", MAPS, {"metadata": {"name": "a"}})
    assert answer.status == status
    if status == 500:
        assert answer.message == (
            'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: '
            'no endpoints available for service "hook"'
        )


async def test_selectors_choose(api: Any) -> None:
    seen = serve(api, lambda _: {"allowed": True})
    await validating(api, objectSelector={"matchLabels": {"watched": "yes"}})
    await api.made(MAPS, {"metadata": {"name": "a"}})
    assert not seen
    await api.made(MAPS, {"metadata": {"name": "b", "labels": {"watched": "yes"}}})
    assert len(seen) == 1


async def test_side_effects_are_refused(api: Any) -> None:
    body = configuration("ValidatingWebhookConfiguration", sideEffects="Some")
    answer = await api("POST", f"{HOOKS}/validatingwebhookconfigurations", body)
    assert answer.status == 422
    assert "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun" in answer.message


async def test_warnings_reach_the_client(api: Any) -> None:
    serve(api, lambda _: {"allowed": True, "warnings": ["mind the gap"]})
    await validating(api)
    assert (await api("POST", MAPS, {"metadata": {"name": "a"}})).headers["warning"] == '299 - "mind the gap"'
