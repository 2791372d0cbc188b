"""Two whole operators on one stack: one acts, the other is warm, and it carries on where the first one ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from kdasync.guest.order import Outcome, Result
from kdasync.kube.predecessor import ANNOTATION
from kdasync.telemetry.metrics import Metrics

pytestmark = pytest.mark.looptime
DONE = Result(outcome=Outcome.DONE)


def runs(stack: Any) -> Counter[tuple[int, str]]:
    """How often each member was asked to do each event."""
    return Counter((order.provenance.node_id, order.event) for order in stack.guests.orders)


def leads(metrics: Metrics) -> bool:
    return metrics.registry.get_sample_value("kdasync_leader") == 1.0


def writes(metrics: Metrics) -> float:
    kinds = ("KubeDirectorCluster", "StatefulSet", "Service")
    return sum(
        sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "kdasync_api_requests_total"
        and sample.labels["kind"] in kinds
        and sample.labels["verb"] not in ("list", "watch")
    )


async def test_a_stand_by_is_ready_and_makes_no_write(pair: Any, make: Any) -> None:
    async with pair() as (stack, one, two):
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        assert (leads(one.metrics), leads(two.metrics)) == (True, False)
        assert two.operator.ready
        assert len(two.operator.stores.pods) == 3
        assert writes(two.metrics) == 0


async def test_a_killed_leader_in_the_middle_of_a_setup(pair: Any, make: Any) -> None:
    async with pair() as (stack, one, two):
        stack.guests.script = lambda _target, _order: (60.0, DONE)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: len(stack.guests.orders) == 3)
        await one.kill()
        took = await stack.until(lambda: leads(two.metrics), seconds=30)
        assert took <= 17.5
        assert not stack.configured("one")
        await stack.until(lambda: stack.configured("one"))
        assert set(runs(stack).values()) == {1}
        assert [order.attempt for order in stack.guests.orders] == [1, 1, 1]


async def test_a_stopped_leader_is_followed_at_once(pair: Any, make: Any) -> None:
    async with pair() as (stack, one, two):
        stack.guests.script = lambda _target, _order: (60.0, DONE)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: len(stack.guests.orders) == 3)
        await one.stop()
        assert await stack.until(lambda: leads(two.metrics)) <= 3.5
        await stack.until(lambda: stack.configured("one"))
        assert set(runs(stack).values()) == {1}


async def test_a_leader_that_was_cut_off_leads_again_later_with_nothing_old_in_mind(pair: Any, make: Any, scale: Any) -> None:
    async with pair() as (stack, one, two):
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        one.transport.sever()
        await stack.until(lambda: leads(two.metrics), seconds=30)
        assert (leads(one.metrics), one.operator.reconciler) == (False, None)
        await stack.merge("one", scale(3))
        await stack.until(lambda: stack.configured("one"))
        one.transport.mend()
        await stack.pause(120)
        await two.kill()
        await stack.until(lambda: leads(one.metrics), seconds=30)
        await stack.merge("one", scale(1))
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.all("pods")) == 2
        assert set(runs(stack).values()) == {1}


async def test_leadership_that_moves_again_and_again_runs_nothing_twice(pair: Any, make: Any) -> None:
    async with pair() as (stack, one, two):
        stack.guests.script = lambda _target, _order: (25.0, DONE)
        await stack.create("kubedirectorclusters", make(workers=3))
        for _ in range(4):
            for it in (one, two):
                it.transport.sever()
                await stack.pause(7)
                it.transport.mend()
                await stack.pause(13)
        await stack.until(lambda: stack.configured("one"))
        assert set(runs(stack).values()) == {1}


async def test_nobody_leads_while_kubedirector_lives(pair: Any, make: Any) -> None:
    async with pair(start=False) as (stack, one, two):
        path = "/api/v1/namespaces/kubedirector/configmaps"

        async def renew(count: int) -> None:
            stamp = f"2027-01-15T08:{count // 60:02}:{count % 60:02}Z"
            text = f'{{"holderIdentity":"go-1","leaseDurationSeconds":15,"acquireTime":"{stamp}","renewTime":"{stamp}","leaderTransitions":0}}'
            body = {"metadata": {"name": "kubedirector-lock", "annotations": {ANNOTATION: text}}}
            if count:
                await stack.send("PATCH", f"{path}/kubedirector-lock", body, media="application/merge-patch+json")
            else:
                await stack.send("POST", path, body)

        await renew(0)
        one.start()
        two.start()
        await stack.create("kubedirectorclusters", make())
        for count in range(1, 60):
            await stack.pause(2)
            await renew(count)
        assert not leads(one.metrics)
        assert not leads(two.metrics)
        assert stack.status("one") == {}
        assert stack.all("pods") == []
        events = [event for event in stack.all("events") if event["reason"] == "KubeDirectorStillRuns"]
        assert events[0]["type"] == "Warning"
        assert "Scale its Deployment to 0" in (events[0].get("message") or events[0].get("note"))
        assert await stack.until(lambda: leads(one.metrics) or leads(two.metrics), seconds=30) <= 17.5
        await stack.until(lambda: stack.configured("one"))


async def test_a_lock_that_kubedirector_left_behind_long_ago_is_no_hindrance(pair: Any) -> None:
    async with pair(start=False) as (stack, one, _):
        text = '{"holderIdentity":"go-1","leaseDurationSeconds":15,"renewTime":"2021-01-01T00:00:00Z"}'
        body = {"metadata": {"name": "kubedirector-lock", "annotations": {ANNOTATION: text}}}
        await stack.send("POST", "/api/v1/namespaces/kubedirector/configmaps", body)
        one.start()
        assert await stack.until(lambda: leads(one.metrics)) < 2


@pytest.mark.parametrize("text", ["", "{", '{"renewTime": 7}', "[]"])
async def test_a_lock_that_says_nothing_is_no_hindrance(pair: Any, text: str) -> None:
    async with pair(start=False) as (stack, one, _):
        body = {"metadata": {"name": "kubedirector-lock", "annotations": {ANNOTATION: text}}}
        await stack.send("POST", "/api/v1/namespaces/kubedirector/configmaps", body)
        one.start()
        assert await stack.until(lambda: leads(one.metrics)) < 2


async def test_ten_idle_minutes_cost_a_stand_by_one_read_each_two_seconds(pair: Any) -> None:
    async with pair() as (stack, one, two):
        await stack.until(lambda: leads(one.metrics))
        await stack.pause(10)
        before = [len(it.sent) for it in (one, two)]
        await asyncio.sleep(600)
        after = [len(it.sent) for it in (one, two)]
        leader, follower = (now - then for now, then in zip(after, before, strict=True))
        assert 280 <= leader <= 330
        assert 280 <= follower <= 330
