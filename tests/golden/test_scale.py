"""spark245: start, spark-worker to 4, spark-worker to 1. Each start script is called as KubeDirector called it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.golden import GOLDEN, Picture, differences, listed, neutral, taken
from support.stack import Stack, run

RECORD = GOLDEN / "real/scale-spark245.json"
Steps = list[dict[str, Any]]
STEPS = [json.loads(RECORD.read_text())] if RECORD.exists() else []
pytestmark = [pytest.mark.looptime, pytest.mark.parametrize("steps", STEPS, ids=lambda _: "spark245")]
APP: dict[str, Any] = json.loads((GOLDEN / "real/cr-cluster-spark245.json").read_text()) if RECORD.exists() else {}
NAME = "spark245-instance"
ADDED = {r"cluster\.status\.(conditions|kdasync|observedGeneration|summary)\b.*": "additive status"}
OMITTED = {
    r"cluster\.metadata\..*": "recorded beside the status only once",
    r"(Pod|Service|StatefulSet) .*": "likewise",
    "configmeta": "",
}


def recorded(step: dict[str, Any]) -> Picture:
    """A step; the calls stand where configmeta would, so that their names are mapped as well."""
    cluster = {"metadata": {"name": NAME, "uid": "no such text"}, "status": step["status"]}
    return Picture(cluster, [call(pod, entry["calls"]) for pod, entry in step["calls"].items()])


def call(pod: str, lines: list[str]) -> dict[str, Any]:
    return {"kind": "Calls", "metadata": {"name": pod}, "spec": lines}


def seen(stack: Stack) -> Picture:
    picture = taken(stack, NAME)
    members = [m["pod"] for role in picture.cluster["status"]["roles"] for m in role["members"]]
    return Picture(picture.cluster, [call(pod, stack.guests.of(pod)) for pod in members])


async def test_calls_and_status_after_each_step_are_those_of_kubedirector(steps: Steps) -> None:
    assert [step["step"] for step in steps] == ["start", "spark-worker -> 4", "spark-worker -> 1"]
    async with run(app=APP["app"]) as stack:
        await stack.create("kubedirectorclusters", APP["cluster"])
        for number, step in enumerate(steps):
            if number:
                await stack.merge(NAME, {"spec": {"roles": step["spec"]["roles"]}})
            await stack.until(lambda: stack.configured(NAME))
            await stack.pause(5)
            found = differences(neutral(recorded(step)), neutral(seen(stack)))
            assert {place: values for place, values in found.items() if not listed(place, ADDED | OMITTED)} == {}


async def test_members_that_left_were_told_nothing(steps: Steps) -> None:
    """KubeDirector's pods were gone before their calls could be read; ours are still there when their peers are told."""
    async with run(app=APP["app"]) as stack:
        await stack.create("kubedirectorclusters", APP["cluster"])
        for step in steps[1:]:
            await stack.merge(NAME, {"spec": {"roles": step["spec"]["roles"]}})
            await stack.until(lambda: stack.configured(NAME))
        staying = set(stack.members(NAME))
        assert all(stack.guests.of(pod) == ["--configure"] for pod, _ in stack.guests.calls if pod not in staying)
