"""A cluster that the Go operator wrote, in any state of a member, is taken over: what was done is not done again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from support.bodies import Json, cluster, workers
from support.stack import Stack, run

from kdasync.guest.order import Order, Outcome, Result
from kdasync.reconcile.jobs import Target

pytestmark = pytest.mark.looptime
OURS = ("kdasync", "conditions", "observedGeneration", "summary")
PATH = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one/status"
Edit = Callable[[Json, dict[str, Json]], None]


@asynccontextmanager
async def taken_over(edit: Edit, *, members: int = 2, spec: Json | None = None) -> AsyncIterator[tuple[Stack, list[str]]]:
    """The stack right after our operator met what `edit` made of a configured cluster's status, and the member pods.

    `edit` gets the status as KubeDirector would have written it, and its members by pod; the calls of the past are forgotten.
    """
    async with run() as stack:
        await stack.create("kubedirectorclusters", cluster(workers=members))
        await stack.until(lambda: stack.configured("one"))
        await stack.kill_operator()
        pods = list(stack.members("one"))
        if spec:
            await stack.merge("one", spec)
        found = stack.find("kubedirectorclusters", "one")
        assert found is not None
        status = {key: value for key, value in found["status"].items() if key not in OURS}
        status["generationUID"] = "written-by-go"
        edit(status, {m["pod"]: m for role in status["roles"] for m in role["members"]})
        await stack.send("PUT", PATH, {**found, "status": status})
        stack.guests.calls.clear()
        stack.guests.orders.clear()
        stack.guests.claims.clear()
        stack.guests.script = answer
        stack.start_operator()
        yield stack, pods


def answer(_target: Target, order: Order) -> tuple[float, Result]:
    return 1.0, Result(outcome=Outcome.RECOVERED if order.probe else Outcome.DONE)


def change(member: Json, state: str, **detail: Any) -> None:
    """Set a member's state; a detail of None is taken away."""
    member["state"] = state
    shown = {**member["stateDetail"], **detail}
    member["stateDetail"] = {key: value for key, value in shown.items() if value is not None}


def fqdn(stack: Stack, pod: str) -> str:
    return f"{pod}.{stack.status('one')['clusterService']}.default.svc.cluster.local"


async def settled(stack: Stack) -> None:
    await stack.until(lambda: stack.configured("one"))
    await stack.pause(60)
    assert stack.configured("one")


FIRST = {
    "lastConfiguredContainer": None,
    "lastSetupGeneration": None,
    "lastConfigDataGeneration": None,
    "lastConnectionVersion": None,
}


async def test_configured_members_are_left_alone() -> None:
    async with taken_over(lambda _status, _members: None) as (stack, pods):
        await settled(stack)
        assert (stack.guests.calls, list(stack.members("one"))) == ([], pods)


async def test_a_member_of_an_old_container_is_set_up_again() -> None:
    def edit(_status: Json, members: dict[str, Json]) -> None:
        change(members[list(members)[1]], "configured", lastConfiguredContainer="containerd://old")

    async with taken_over(edit) as (stack, pods):
        await settled(stack)
        assert stack.guests.calls == [(pods[1], "--configure")]


async def test_a_pending_member_is_set_up_once_and_announced_to_older_peers() -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status.update(specGenerationToProcess=2, state="updating")
        for pod, member in members.items():
            if pod == list(members)[2]:
                change(member, "create pending", **FIRST)
            else:
                change(member, "configured", lastConfigDataGeneration=2, lastSetupGeneration=1)

    async with taken_over(edit) as (stack, pods):
        await settled(stack)
        told = f"--addnodes --nodegroup 1 --role worker --fqdns {fqdn(stack, pods[2])}"
        assert sorted(stack.guests.calls) == sorted([(pods[2], "--configure"), (pods[0], told), (pods[1], told)])


@pytest.mark.parametrize(("outcome", "calls"), [(Outcome.RECOVERED, []), (Outcome.UNCONFIGURED, ["--configure"])])
async def test_a_setup_that_go_began_is_looked_at_first(outcome: Outcome, calls: list[str]) -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status["state"] = "creating"
        member = members[list(members)[1]]
        running = member["stateDetail"]["lastConfiguredContainer"]
        change(member, "creating", lastConfiguredContainer=None, lastSetupGeneration=None, configuringContainer=running)

    async with taken_over(edit) as (stack, pods):
        stack.guests.script = lambda _target, order: (1.0, Result(outcome=outcome if order.probe else Outcome.DONE))
        await settled(stack)
        assert [order.probe for order in stack.guests.orders][:1] == [True]
        assert [(order.probe, order.trust_unmarked) for order in stack.guests.orders][:1] == [(True, True)]
        assert stack.guests.of(pods[1]) == calls
        detail = next(m["stateDetail"] for r in stack.status("one")["roles"] for m in r["members"] if m["pod"] == pods[1])
        assert (detail["lastSetupGeneration"], "configuringContainer" in detail) == (1, False)


async def test_a_restarting_member_is_set_up_again_and_nobody_is_told() -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status["state"] = "updating"
        gone = {"lastSetupGeneration": None, "lastConfigDataGeneration": None, "lastConfiguredContainer": "containerd://old"}
        change(members[list(members)[1]], "create pending", **gone)

    async with taken_over(edit) as (stack, pods):
        await settled(stack)
        assert stack.guests.calls == [(pods[1], "--configure")]


async def test_a_failed_member_stays_failed_until_it_is_asked_for() -> None:
    def edit(_status: Json, members: dict[str, Json]) -> None:
        change(members[list(members)[1]], "config error", configErrorDetail="execution of app config failed: x")

    async with taken_over(edit) as (stack, pods):
        await stack.pause(120)
        assert (stack.members("one")[pods[1]], stack.guests.calls) == ("config error", [])
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/retry-config": pods[1]}}})
        await settled(stack)
        assert stack.guests.calls == [(pods[1], "--configure")]


async def test_of_a_member_that_is_to_leave_the_peers_are_told() -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status.update(specGenerationToProcess=2, state="updating")
        *staying, leaving = members.values()
        change(leaving, "delete pending")
        for member in staying:
            change(member, "configured", lastConfigDataGeneration=2, lastSetupGeneration=1)

    async with taken_over(edit, spec=workers(1)) as (stack, pods):
        await settled(stack)
        told = f"--delnodes --nodegroup 1 --role worker --fqdns {fqdn(stack, pods[2])}"
        assert sorted(stack.guests.calls) == sorted([(pods[0], told), (pods[1], told)])
        assert list(stack.members("one")) == pods[:2]


async def test_a_queued_notification_is_delivered_to_those_that_wait_for_it() -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status.update(specGenerationToProcess=2, state="updating")
        first, second, leaving = members.values()
        name = f"{leaving['pod']}.{status['clusterService']}.default.svc.cluster.local"
        words = ["--delnodes", "--nodegroup 1", "--role", "worker", "--fqdns", name]
        change(leaving, "deleting")
        change(first, "configured", lastConfigDataGeneration=2, lastSetupGeneration=1, pendingNotifyCmds=[{"arguments": words}])
        change(second, "configured", lastConfigDataGeneration=2, lastSetupGeneration=1)

    async with taken_over(edit, spec=workers(1)) as (stack, pods):
        await settled(stack)
        assert stack.guests.calls == [(pods[0], f"--delnodes --nodegroup 1 --role worker --fqdns {fqdn(stack, pods[2])}")]
        assert list(stack.members("one")) == pods[:2]


async def test_an_older_configmeta_is_refreshed_without_a_call() -> None:
    def edit(status: Json, members: dict[str, Json]) -> None:
        status.update(specGenerationToProcess=5, state="updating")
        for member in members.values():
            change(member, "configured", lastConfigDataGeneration=4, lastSetupGeneration=4)

    async with taken_over(edit) as (stack, pods):
        await settled(stack)
        assert stack.guests.calls == []
        assert len([order for order in stack.guests.orders if order.configmeta]) == len(pods)


async def test_a_lost_reconnect_counter_is_what_the_members_know() -> None:
    def edit(_status: Json, members: dict[str, Json]) -> None:
        for member in members.values():
            change(member, "configured", lastConnectionVersion=3)

    async with taken_over(edit) as (stack, _pods):
        await settled(stack)
        assert stack.guests.calls == []
        await stack.send("POST", "/api/v1/namespaces/default/configmaps", labelled("late"))
        await stack.merge("one", {"spec": {"connections": {"configmaps": ["late"]}}})
        await stack.until(lambda: len(stack.guests.calls) == len(stack.members("one")))
        assert {args for _, args in stack.guests.calls} == {"--reconnect"}


def labelled(name: str) -> Json:
    body: Json = {"metadata": {"name": name, "labels": {"kubedirector.hpe.com/cmType": "t"}}, "data": {"a": "b"}}
    decoded: Json = msgspec.json.decode(msgspec.json.encode(body))
    return decoded
