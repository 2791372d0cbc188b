"""3,000 recorded answers of the real KubeDirector, replayed: same verdict and same stored spec, but for the holes that are closed."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

LISTED = Path(__file__).with_name("differences.yaml")


class Group(msgspec.Struct, frozen=True):
    hole: str
    why: str
    cases: list[int]
    theirs: str | None = None
    ours: list[str] | None = None

    def explains(self, case: Any, reasons: set[str] | None) -> bool:
        """KubeDirector's answer and ours are those of this group."""
        accepted = case["code"] < 300
        theirs = accepted if self.theirs is None else not accepted and bool(re.search(self.theirs, case["message"]))
        return theirs and (reasons is None if self.ours is None else bool(reasons and reasons.intersection(self.ours)))


def explanation(groups: list[Group], case: Any, reasons: set[str] | None) -> str | None:
    """The first group that explains a case; every rule that refuses it must be in some group."""
    if reasons and not reasons <= {reason for group in groups for reason in group.ours or ()}:
        return None
    return next((group.hole for group in groups if group.explains(case, reasons)), None)


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    return msgspec.convert(yaml.safe_load(LISTED.read_text()), list[Group])


async def prepare(site: Any, setup: list[Any]) -> None:
    await site.must("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    for item in setup:
        await site.must("POST", item["path"], item["object"])
    await site.populate("live", "controller", "worker")


async def answer(site: Any, case: Any) -> Any:
    body = case["object"]
    if case["op"] == "create":
        return await site.create(body, dryRun="All")
    stored = await site.must("GET", site.path(body, named=True))
    assert {"connections": {}, **stored["spec"]} == {"connections": {}, **case["stored"]}
    meta = {**body["metadata"], "resourceVersion": stored["metadata"]["resourceVersion"]}
    return await site.put({**body, "metadata": meta}, dryRun="All")


def sealed(value: Any) -> Any:
    """Encryption is random and KubeDirector's key is not recorded, but lengths tell."""
    if isinstance(value, dict):
        return {name: len(item) if name == "encryptedValue" else sealed(item) for name, item in value.items()}
    return [sealed(item) for item in value] if isinstance(value, list) else value


async def test_replay(site: Any, verdicts: list[Any], groups: list[Group]) -> None:
    await prepare(site, verdicts[0]["setup"])
    same, unexplained = 0, []
    listed = {number: group.hole for group in groups for number in group.cases}
    found: dict[str, list[int]] = {group.hole: [] for group in groups}
    for case in verdicts[1:]:
        mine = await answer(site, case)
        assert mine.status < 500, (case["id"], mine.json)
        theirs = case["code"] < 300
        if (mine.status < 300) == theirs:
            if theirs:
                assert sealed(mine.json["spec"]) == sealed(case["spec"]), case["id"]
            same += 1
            continue
        reasons = None if mine.status < 300 else {cause["reason"] for cause in mine.json["details"]["causes"]}
        hole = explanation(groups, case, reasons)
        if hole is None:
            unexplained.append((case["id"], case.get("message"), mine.message))
        else:
            found[hole].append(case["id"])
    counts = Counter({hole: len(ids) for hole, ids in found.items()})
    print(f"\n{same} of {len(verdicts) - 1} the same; {sum(counts.values())} differ:", dict(counts))
    if os.environ.get("KDASYNC_LIST"):
        print(json.dumps(found))
    assert unexplained == []
    assert {number: hole for hole, ids in found.items() for number in ids} == listed
