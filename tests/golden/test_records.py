"""Every recorded cluster, played again: all that KubeDirector made and wrote is made and written, value by value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.golden import RECORDS, SHARED, differences, listed, neutral, played, recorded

INIT = r"(StatefulSet|Pod) .*\.initContainers\[0\]\.(command|args).*"
DIFFERENCES = {
    INIT: "text written afresh: POSIX sh, marker only after a complete copy (roles with storage)",
    r"(Service|StatefulSet) .*\.metadata\.generateName": "our names are derived from the cluster's UID: a repeated create is the same create",
    r"(StatefulSet|Pod) .*\.postStart\.exec\.command\[\d\]": "text written afresh: POSIX sh instead of bash, bounded, the same effect",
    r"cluster\.status\.(conditions|kdasync|observedGeneration|summary)\b.*": "additive status (design section 1)",
}
GENERATED = {
    r"Pod .*\.metadata\.labels\.controller-revision-hash": "a hash over the template",
    r"Pod .*\.spec\.nodeName": "the scheduler's choice",
}
KWOK = {
    r"configmeta\b.*": "recorded in real containers only",
}
each = pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")


def unlisted(path: Path) -> dict[str, Any]:
    known = DIFFERENCES | GENERATED | (KWOK if path.parent.name == "kwok" else {})
    found = differences(neutral(recorded(path)), neutral(played(path)))
    return {place: values for place, values in found.items() if not listed(place, known)}


@each
def test_a_record_is_made_again(path: Path) -> None:
    assert unlisted(path) == {}


@each
def test_node_ids_are_a_permutation(path: Path) -> None:
    ids = [
        [m["nodeID"] for role in picture.cluster["status"]["roles"] for m in role["members"]]
        for picture in (recorded(path), played(path))
    ]
    assert sorted(ids[0]) == sorted(ids[1])


@each
def test_every_listed_difference_is_real(path: Path) -> None:
    found = differences(neutral(recorded(path)), neutral(played(path)))
    met = {pattern for place in found for pattern in listed(place, DIFFERENCES)}
    stored = any(role.get("storage") for role in json.loads(path.read_text())["stored"]["cluster"]["spec"]["roles"])
    assert met == set(DIFFERENCES) - (set() if stored else {INIT})


@each
def test_every_member_got_its_configmeta(path: Path) -> None:
    theirs, ours = neutral(recorded(path)), neutral(played(path))
    assert theirs.configmeta.keys() <= ours.configmeta.keys()
    assert bool(theirs.configmeta) is (path.parent.name == "real")


def test_the_records_were_found() -> None:
    kinds = [path.parent.name for path in RECORDS]
    assert not SHARED.exists() or (kinds.count("real"), kinds.count("kwok")) == (6, 8)
