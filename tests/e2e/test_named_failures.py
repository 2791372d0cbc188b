"""What can never work is named in the condition, with what to do; KubeDirector says nothing there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from realcluster.configs import PAUSE
from realcluster.lab import Lab, script


@pytest.mark.parametrize(
    ("image", "reasons"),
    [(PAUSE, {"PostStartHookError", "CrashLoopBackOff"}), ("kdasync.test/absent:1", {"ErrImagePull", "ImagePullBackOff"})],
    ids=["no shell", "no image"],
)
def test_a_container_that_cannot_start_is_named(labs: Callable[..., Lab], image: str, reasons: set[str]) -> None:
    lab = labs()
    lab.app(script(), image=image)
    lab.create(workers=0)
    seen = lab.until(lambda now: now.condition("Ready").get("reason") in reasons)
    assert next(iter(seen.members())) in seen.condition("Ready")["message"]


def test_a_missing_interpreter_is_named(labs: Callable[..., Lab]) -> None:
    lab = labs(KDASYNC_RETRIES="0")
    lab.app("#!/no/such/interpreter\n")
    lab.create(workers=0)
    seen = lab.until(lambda now: now.condition("Ready").get("reason") == "GuestNoInterpreter")
    assert "/no/such/interpreter" in seen.condition("Ready")["message"]


def test_a_pod_that_fits_nowhere_is_named(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=0, resources={"limits": {"cpu": "900", "memory": "64Mi"}})
    seen = lab.until(lambda now: now.condition("Ready").get("reason") == "Unschedulable")
    assert "cpu" in seen.condition("Ready")["message"]
