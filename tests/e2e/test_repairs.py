"""What was deleted by hand comes back, and a member whose pod went is set up again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from realcluster.lab import Lab, script


@pytest.mark.parametrize("plural", ["statefulsets", "services"])
def test_objects_deleted_by_hand_come_back(labs: Callable[..., Lab], plural: str) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=1)
    lab.configured()
    before = {item["metadata"]["name"]: item["metadata"]["uid"] for item in lab.list(plural)}
    for name in before:
        lab.send("DELETE", lab.path(plural, name))

    def back() -> bool:
        now = {item["metadata"]["name"]: item["metadata"]["uid"] for item in lab.list(plural)}
        return now.keys() == before.keys() and not set(now.values()) & set(before.values())

    lab.eventually(back)
    lab.until(lambda seen: seen.ready() and len(seen.members()) == 2)


def test_a_deleted_pod_is_set_up_again_and_the_others_are_left_alone(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=1)
    first, second = sorted(lab.configured().members())
    uid = lab.pods()[second]["metadata"]["uid"]
    lab.send("DELETE", lab.path("pods", second))
    lab.eventually(lambda: lab.pods().get(second, {}).get("metadata", {}).get("uid") not in {None, uid})
    lab.eventually(lambda: lab.pods()[second]["status"]["phase"] == "Running" and bool(lab.calls(second)))
    lab.until(lambda seen: seen.ready() and seen.at > lab.calls(second)[0][0])
    assert [call for _, call in lab.calls(second)] == ["--configure"]
    assert [call for _, call in lab.calls(first)].count("--configure") == 1


def test_a_deleted_cluster_takes_its_objects_along(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=1)
    lab.configured()
    lab.send("DELETE", lab.path("kubedirectorclusters", "one"))
    lab.eventually(lambda: not lab.list("kubedirectorclusters"))
    lab.eventually(lambda: not lab.list("statefulsets") and not lab.list("services") and not lab.pods())
