"""What goes wrong is named, retried where that helps, and harms nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.errors import ExecError, GuestError
from kdasync.guest.order import Order, Outcome, Result
from kdasync.guest.package import PackageUnreachable
from kdasync.reconcile.jobs import Target

pytestmark = pytest.mark.looptime
DONE = Result(outcome=Outcome.DONE)
RETRY = "kubedirector.hpe.com/retry-config"


class Fails:
    """A script that fails in the given pods (by suffix) for the first `times` calls of an event."""

    def __init__(self, suffix: str, *, times: int = 1000, event: str = "configure", result: Result | None = None) -> None:
        self.suffix, self.times, self.event = suffix, times, event
        self.result = result or Result(outcome=Outcome.SCRIPT_FAILED, exit_code=3, stdout="out\n", stderr="broken\n")
        self.count = 0

    def __call__(self, target: Target, order: Order) -> tuple[float, Result]:
        if target.pod.endswith(self.suffix) and order.event.startswith(self.event) and self.count < self.times:
            self.count += 1
            return 0.5, self.result
        return 0.5, DONE


def condition(stack: Any, kind: str, name: str = "one") -> dict[str, Any]:
    found = [c for c in stack.status(name).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {"status": "", "reason": "", "message": ""}


def detail(stack: Any, ending: str) -> dict[str, Any]:
    members = [m for role in stack.status("one")["roles"] for m in role["members"]]
    return next(m["stateDetail"] for m in members if m["pod"].endswith(ending))


async def test_a_failing_script_is_retried_and_then_reported(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.script = Fails("-1")
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Stalled")["status"] == "True", seconds=300)
        assert stack.guests.script.count == 4
        assert stack.status("one")["state"] == "configured"
        assert stack.status("one")["memberStateRollup"]["configErrors"] is True
        found = detail(stack, "-1")
        assert found["configErrorDetail"].startswith("execution of app config failed: startscript exited with 3")
        assert (found["startScriptStdoutMessage"], found["startScriptStderrMessage"]) == ("out\n", "broken\n")
        assert "kubedirector.hpe.com/retry-config" in condition(stack, "Ready")["message"]
        assert condition(stack, "Available")["status"] == "True"


async def test_a_script_that_fails_once_recovers_by_itself(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.script = Fails("-1", times=1)
        await stack.create("kubedirectorclusters", make())
        took = await stack.until(lambda: stack.configured("one"), seconds=60)
        assert took > 10
        attempts = [order.attempt for order in stack.guests.orders if order.provenance.node_id == 3]
        assert attempts == [1, 2]


async def test_a_user_asks_for_a_retry_by_annotation(running: Any, make: Any) -> None:
    async with running(retries=0) as stack:
        stack.guests.script = Fails("-1", times=1)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Stalled")["status"] == "True")
        pod = next(name for name, state in stack.members("one").items() if state == "config error")
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/retry-config": pod}}})
        await stack.until(lambda: stack.configured("one"))
        annotations = stack.find("kubedirectorclusters", "one")["metadata"]["annotations"]
        assert "kubedirector.hpe.com/retry-config" not in annotations
        assert stack.guests.of(pod) == ["--configure", "--configure"]


async def test_a_failed_member_is_replaced_under_a_new_node_id_on_request(running: Any, make: Any) -> None:
    async with running(retries=0) as stack:
        stack.guests.script = Fails("-0", times=2)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Stalled")["status"] == "True")
        pod = next(m["pod"] for role in stack.status("one")["roles"] for m in role["members"] if role["id"] == "worker")
        old = stack.find("pods", pod)["metadata"]["uid"]
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/replace-member": "all"}}})
        await stack.until(lambda: stack.configured("one"))
        assert stack.find("pods", pod)["metadata"]["uid"] != old
        assert stack.status("one")["lastNodeID"] >= 5


async def test_a_shrink_is_held_while_a_lower_member_is_down(running: Any, make: Any, scale: Any) -> None:
    async with running(retries=0) as stack:
        stack.guests.script = Fails("-0", times=2)
        await stack.create("kubedirectorclusters", make(workers=3))
        await stack.until(lambda: condition(stack, "Stalled")["status"] == "True")
        await stack.merge("one", scale(2))
        await stack.pause(30)
        assert len(stack.all("pods")) == 4
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/retry-config": "all"}}})
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.all("pods")) == 3


async def test_a_script_that_never_returns_ends_at_its_deadline(running: Any, make: Any) -> None:
    async with running(retries=0) as stack:
        stack.guests.script = lambda target, _order: (20_000 if target.pod.endswith("-1") else 1, DONE)
        await stack.create("kubedirectorclusters", make())
        took = await stack.until(lambda: condition(stack, "Stalled")["status"] == "True", seconds=4000)
        assert 3600 <= took < 3610
        assert condition(stack, "Stalled")["reason"] == "SetupOverdue"
        await stack.pause(5)
        assert [order.event for order in stack.guests.stops] == ["configure"]


async def test_a_notification_that_fails_is_given_up_and_the_spec_stays_editable(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make(workers=1))
        await stack.until(lambda: stack.configured("one"))
        stack.guests.script = Fails("-0", event="add")
        await stack.merge("one", scale(2))
        await stack.until(lambda: condition(stack, "Stalled")["reason"] == "NotifyFailed", seconds=600)
        assert "--addnodes" in condition(stack, "Stalled")["message"]
        await stack.merge("one", scale(1))
        await stack.until(lambda: list(stack.members("one").values()) == ["configured"] * 2)
        assert len(stack.all("pods")) == 2
        for pod in stack.members("one"):
            await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/retry-config": pod}}})
            await stack.until(lambda: not stack.find("kubedirectorclusters", "one")["metadata"]["annotations"].get(RETRY))
        await stack.until(lambda: stack.configured("one"))


async def test_a_missing_app_is_named_and_its_creation_is_enough(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make(app="other"))
        await stack.until(lambda: condition(stack, "Stalled")["reason"] == "AppMissing")
        assert "'other'" in condition(stack, "Ready")["message"]
        app = stack.app | {"metadata": {"name": "other", "namespace": "default"}}
        await stack.create("kubedirectorapps", app)
        await stack.until(lambda: stack.configured("one"))
        assert condition(stack, "Stalled")["status"] == "False"


async def test_a_spec_that_cannot_be_run_is_named_and_other_clusters_go_on(running: Any, make: Any) -> None:
    async with running() as stack:
        bad = make("bad")
        bad["spec"]["roles"][1]["id"] = "wrker"
        await stack.create("kubedirectorclusters", bad)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        found = condition(stack, "Stalled", "bad")
        assert found["status"] == "True"
        assert "spec.roles[1].id" in found["message"]
        assert not stack.status("bad").get("roles")


async def test_a_broken_edit_leaves_the_running_cluster_alone(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        broken = make()["spec"]["roles"]
        broken[1]["id"] = "wrker"
        await stack.merge("one", {"spec": {"roles": broken}})
        await stack.until(lambda: condition(stack, "Stalled")["status"] == "True")
        assert len(stack.all("pods")) == 3
        await stack.merge("one", {"spec": {"roles": make()["spec"]["roles"]}})
        await stack.until(lambda: stack.configured("one"))
        assert all(stack.guests.of(pod) == ["--configure"] for pod in stack.members("one"))


async def test_a_bad_package_is_named(running: Any, make: Any) -> None:
    async with running(retries=0) as stack:
        stack.packages.error = GuestError("PackageMalformed", "the package is no gzip tar.", remedy="Pack it with tar czf.")
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Stalled")["reason"] == "PackageMalformed")
        assert "tar czf" in condition(stack, "Stalled")["message"]
        assert stack.guests.calls == []


async def test_an_unreachable_package_is_named_as_such_and_tried_again(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.packages.error = PackageUnreachable(
            "PackageUnreachable", "http://packages/demo.tgz does not answer.", remedy="See the server."
        )
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Ready")["reason"] == "PackageUnreachable")
        assert ".." not in condition(stack, "Ready")["message"]
        assert condition(stack, "Stalled")["status"] == "False"
        stack.packages.error = None
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.guests.calls) == 3


async def test_an_unreachable_guest_is_tried_again_and_named_meanwhile(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.trouble = ExecError("Cut", "connection reset")
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: condition(stack, "Ready")["reason"] == "GuestUnreachable")
        assert condition(stack, "Stalled")["status"] == "False"
        stack.guests.trouble = None
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.guests.calls) == 3


async def test_a_container_id_that_is_never_reported_is_named_after_two_minutes(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.hide_container_ids()
        await stack.create("kubedirectorclusters", make())
        took = await stack.until(lambda: condition(stack, "Stalled")["reason"] == "ContainerIdMissing", seconds=200)
        assert 115 < took < 130
        assert "kubelet" in condition(stack, "Stalled")["message"]


async def test_a_lost_run_is_ordered_again_under_a_new_attempt(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.script = Fails("-1", times=1, result=Result(outcome=Outcome.LOST))
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        assert [order.attempt for order in stack.guests.orders if order.provenance.node_id == 3] == [1, 2]


async def test_a_bug_in_the_work_for_one_member_ends_nothing_else(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.trouble = RuntimeError("a bug")
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: "RuntimeError: a bug" in condition(stack, "Ready")["message"])
        assert stack.operator.ready
        stack.guests.trouble = None
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.guests.calls) == 3
