"""The operator is killed at every action of a scene, before it left or before its answer came; its successor ends the scene alike."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from support.scenarios import SCENES, End, played

LEAST = {"create": 20, "grow": 12, "shrink": 8, "restart": 6, "fail-once": 20, "delete": 2}


@cache
def undisturbed(name: str) -> End:
    return played(name)


def wrong(expected: End, found: End) -> list[str]:
    """What a kill changed."""
    said = []
    if found.status != expected.status:
        said += [f"{key}: {found.status.get(key)}" for key in expected.status if found.status.get(key) != expected.status[key]]
    if found.objects != expected.objects:
        said.append(f"objects: {found.objects}")
    if {pod: sorted(calls) for pod, calls in found.calls.items()} != {pod: sorted(calls) for pod, calls in expected.calls.items()}:
        said.append(f"calls: {found.calls}")
    twice = [run for run, count in Counter(found.runs).items() if count > 1]
    return said + [f"twice: {run}" for run in twice]


@pytest.mark.parametrize("after", [False, True], ids=["before", "lost-answer"])
@pytest.mark.parametrize("name", SCENES)
def test_a_kill_at_any_action_changes_nothing(name: str, after: bool) -> None:
    expected = undisturbed(name)
    kills = len(expected.actions)
    assert kills >= LEAST[name]
    found = {
        f"{number} {expected.actions[number - 1]}": wrong(expected, played(name, at=number, after=after))
        for number in range(1, kills + 1)
    }
    assert {action: said for action, said in found.items() if said} == {}


def test_the_comparison_sees_a_script_that_ran_twice() -> None:
    end = undisturbed("create")
    double = End(end.status, end.objects, end.calls, [*end.runs, end.runs[0]], end.actions)
    assert wrong(end, end) == []
    assert wrong(end, double) == [f"twice: {end.runs[0]}"]


def test_guests_that_do_not_keep_their_claims_would_be_noticed() -> None:
    expected = undisturbed("grow")
    told = next(number for number, action in enumerate(expected.actions, start=1) if " add-" in action)
    assert wrong(expected, played("grow", at=told, after=True)) == []
    said = wrong(expected, played("grow", at=told, after=True, forgetful=True))
    assert any(line.startswith("calls") for line in said)
    assert any(line.startswith("twice") for line in said)
