"""Rules that the schema hides from the webhook on a real server, asked directly; and objects that are none."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kdasync.admission.request import Request, Verdict
from kdasync.admission.review import mutate, validate
from kdasync.cli.lint.world import FileWorld

WORLD = FileWorld(namespace="kubedirector", complete=False)


def judged(kind: str, body: Any) -> Verdict:
    request = Request(operation="CREATE", kind=kind, namespace="default", object=body)
    assert mutate(request, WORLD, bytes).findings == ()
    return validate(request, WORLD)


@pytest.mark.parametrize("cardinality", ["", "+", "x", "-1", "1++"])
def test_cardinality(app: Any, cardinality: str) -> None:
    app["spec"]["roles"][0]["cardinality"] = cardinality
    found = [finding for finding in judged("KubeDirectorApp", app).findings if finding.reason == "InvalidCardinality"]
    assert [finding.field for finding in found] == ["spec.roles[0].cardinality"]
    assert found[0].remedy == "Write N for exactly N members, N+ for N or more."


@pytest.mark.parametrize(("length", "words"), [(63, []), (64, ["NameTooLong"])])
async def test_name(running: Any, cluster: Any, length: int, words: list[str]) -> None:
    body = copy.deepcopy(cluster)
    body["metadata"]["name"] = "a" * length
    answer = await running.create(body)
    assert [cause["reason"] for cause in answer.json.get("details", {}).get("causes", [])] == words


@pytest.mark.parametrize("kind", ["KubeDirectorApp", "KubeDirectorCluster", "KubeDirectorConfig"])
@pytest.mark.parametrize("body", [{"metadata": {}, "spec": 5}, {"metadata": 5}, {"metadata": {}, "spec": {"roles": [5]}}, {}])
def test_what_cannot_be_read_is_refused_with_its_field(kind: str, body: Any) -> None:
    verdict = judged(kind, body)
    if kind != "KubeDirectorConfig" or body.get("spec") == 5 or body.get("metadata") == 5:
        assert not verdict.allowed or body == {}
    for finding in verdict.findings:
        assert finding.field
        assert finding.remedy


def test_unknown_kinds_pass() -> None:
    assert judged("Pod", {"metadata": {}}) == Verdict()
