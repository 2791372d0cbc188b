"""A container that dies is set up again, or not at all if its directories were kept; others are left alone."""

from __future__ import annotations

from collections.abc import Callable

from realcluster.history import Seen
from realcluster.lab import Lab, script


def container(seen: Seen, pod: str) -> str:
    members = [member for role in seen.status["roles"] for member in role["members"]]
    return str(next(member for member in members if member["pod"] == pod)["stateDetail"].get("lastConfiguredContainer", ""))


def test_a_killed_container_is_configured_again(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=2)
    seen = lab.configured()
    pod = sorted(seen.members())[1]
    before = container(seen, pod)
    lab.kill_container(pod)
    after = lab.until(lambda now: now.ready() and container(now, pod) not in {"", before})
    assert [call for _, call in lab.calls(pod)] == ["--configure"]
    others = set(after.members()) - {pod}
    assert all(container(after, other) == container(seen, other) for other in others)
    assert all([call for _, call in lab.calls(other)].count("--configure") == 1 for other in others)
