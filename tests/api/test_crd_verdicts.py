"""Our CRDs decide as the real API server with KubeDirector's CRDs did, on 3,000 recorded requests."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster

TYPES = {"KubeDirectorApp": KubeDirectorApp, "KubeDirectorCluster": KubeDirectorCluster}
OK, CREATED, UNPROCESSABLE = 200, 201, 422


def stored(verdicts: Any) -> list[dict[str, Any]]:
    return [case for case in verdicts if case["code"] in (OK, CREATED)]


def paths(value: Any, prefix: str = "") -> set[str]:
    if isinstance(value, dict):
        return {prefix}.union(*(paths(item, f"{prefix}.{key}") for key, item in value.items()))
    if isinstance(value, list):
        return {prefix}.union(*(paths(item, f"{prefix}[{index}]") for index, item in enumerate(value)))
    return {prefix}


def test_what_was_stored_is_valid(kinds: Any, verdicts: Any) -> None:
    wrong = {
        case["id"]: errors
        for case in stored(verdicts)
        if (errors := kinds[case["kind"]].errors({**case["object"], "spec": case["spec"]}))
    }
    assert wrong == {}


def test_what_was_stored_keeps_every_field(kinds: Any, verdicts: Any) -> None:
    wrong = [case["id"] for case in stored(verdicts) if kinds[case["kind"]].prune({"spec": case["spec"]})["spec"] != case["spec"]]
    assert wrong == []


def test_what_was_pruned_is_pruned(kinds: Any, verdicts: Any) -> None:
    folded = ("default", "value")  # an app's defaults go to its roles, clear secrets to their ciphertext
    wrong = {}
    for case in stored(verdicts):
        ours = paths(kinds[case["kind"]].prune(case["object"])["spec"])
        extra = {path for path in ours - paths(case["spec"]) if not path.rsplit(".", 1)[-1].startswith(folded)}
        extra = {path for path in extra if not path.startswith(".default")}
        if extra:
            wrong[case["id"]] = extra
    assert wrong == {}


def test_what_the_schema_refused_is_refused(kinds: Any, verdicts: Any) -> None:
    refused = [case for case in verdicts if case["code"] == UNPROCESSABLE]
    wrong = [case["id"] for case in refused if not kinds[case["kind"]].errors(kinds[case["kind"]].prune(case["object"]))]
    assert len(refused) > 400
    assert wrong == []


def test_it_is_refused_for_the_same_fields(kinds: Any, verdicts: Any) -> None:
    """Causes that the webhook moved (an app's defaults) or made (encrypted keys) before the schema saw them are left out."""
    moved = re.compile(r"spec\.default|secretKeys|roles\[\d+\]\.(configPackage|persistDirs|eventList|imageRepoTag|maxLogSizeDump)")
    compared = 0
    for case in (case for case in verdicts if case["code"] == UNPROCESSABLE):
        theirs = set(re.findall(r"(spec[^:\s]*): (?:Required|Invalid) value", case["message"]))
        ours = kinds[case["kind"]].fields(kinds[case["kind"]].prune(case["object"]))
        if not any(moved.search(path) for path in theirs | ours):
            assert ours == theirs, case["id"]
            compared += 1
    assert compared > 250


def test_what_was_stored_decodes(verdicts: Any) -> None:
    for case in stored(verdicts):
        assert msgspec.convert({**case["object"], "spec": case["spec"]}, TYPES[case["kind"]]).spec
