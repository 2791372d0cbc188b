"""The operator dies at any moment; no script runs twice and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from realcluster.lab import Lab, script

STARTED = "echo x >> /var/started"


def starts(lab: Lab, pod: str) -> int:
    return len(lab.inside(pod, "sh", "-c", "cat /var/started 2>/dev/null || :").split())


@pytest.mark.parametrize("moment", [0.3, 1.5, 2.5, 4.0])
def test_a_killed_operator_goes_on_and_no_script_runs_twice(labs: Callable[..., Lab], moment: float) -> None:
    lab = labs()
    lab.app(script(STARTED, sleep=2))
    lab.create(workers=2)
    time.sleep(moment)
    lab.operator.kill()
    time.sleep(1)
    lab.operator.start()
    pods = list(lab.configured().members())
    assert [starts(lab, pod) for pod in pods] == [1, 1, 1]
    assert [[call for _, call in lab.calls(pod)] for pod in pods] == [["--configure"]] * 3


def test_an_edit_made_while_no_operator_runs_is_done_later(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script(STARTED))
    lab.create(workers=1)
    lab.configured()
    lab.operator.kill()
    started = lab.edit({"roles": lab.roles(2)})
    lab.operator.start()
    pods = list(lab.configured(since=started).members())
    assert [starts(lab, pod) for pod in sorted(pods)] == [
        1 + sum(1 for _, c in lab.calls(pod) if c != "--configure") for pod in sorted(pods)
    ]
