"""Every sample that KubeDirector was recorded with in real containers becomes configured here too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from realcluster.images import DEBIAN
from realcluster.lab import Lab, script

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared"))
RECORDS = sorted((SHARED / "testdata/kubedirector/golden/real").glob("cr-*.json"))


def test_there_are_records() -> None:
    assert RECORDS


def adapted(app: dict[str, Any], url: str) -> dict[str, Any]:
    """The recorded app with our image and package in place of the recording's."""

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: walk(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        if isinstance(value, str):
            return {"packageURL": url, "imageRepoTag": DEBIAN, "defaultImageRepoTag": DEBIAN}.get(key, value)
        return value

    made: dict[str, Any] = walk(app)
    return made


@pytest.mark.timeout(240)
@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_recorded_sample_is_configured(labs: Callable[..., Lab], record: Path) -> None:
    lab = labs()
    body = json.loads(record.read_text())
    app = adapted(body["app"], lab.packages.serve("appconfig.tgz", script(sleep=1)))
    for plural, item in (("kubedirectorapps", app), ("kubedirectorclusters", body["cluster"])):
        item["metadata"]["namespace"] = lab.namespace
        lab.send("POST", lab.path(plural), item)
    seen = lab.configured(body["cluster"]["metadata"]["name"], seconds=180)
    stored = body["stored"]["cluster"]["status"]
    assert seen.status["state"] == "configured"
    assert len(seen.members()) == sum(len(role["members"]) for role in stored["roles"])
