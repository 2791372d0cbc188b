"""Members with storage: claims are kept, setup is skipped only where the volume is ours and intact."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.guest.order import Order, Outcome, Result
from kdasync.reconcile.jobs import Target

pytestmark = pytest.mark.looptime


def stored(make: Any, *, workers: int = 2) -> dict[str, Any]:
    body: dict[str, Any] = make(workers=workers)
    for role in body["spec"]["roles"]:
        role["storage"] = {"size": "1Gi", "storageClassName": "standard"}
    return body


def probing(outcome: Outcome) -> Any:
    def script(_target: Target, order: Order) -> tuple[float, Result]:
        return 0.2, Result(outcome=outcome if order.probe else Outcome.DONE, detail="the volume is of somebody else")

    return script


async def start(stack: Any, make: Any, outcome: Outcome) -> list[str]:
    stack.guests.script = probing(outcome)
    await stack.create("kubedirectorclusters", stored(make))
    await stack.until(lambda: stack.configured("one"))
    return list(stack.members("one"))


async def test_a_restarted_member_with_its_volume_is_not_set_up_again(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await start(stack, make, Outcome.RECOVERED)
        await stack.send("DELETE", f"/api/v1/namespaces/default/pods/{pods[1]}")
        await stack.until(lambda: not stack.configured("one"))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[1]) == ["--configure"]
        assert [order.probe for order in stack.guests.orders if order.provenance.node_id == 2] == [False, True]


async def test_an_unfinished_setup_on_the_volume_is_done_again(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await start(stack, make, Outcome.UNCONFIGURED)
        stack.runtime.find("default", pods[1]).kill()
        await stack.until(lambda: not stack.configured("one"))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[1]) == ["--configure", "--configure"]


async def test_a_foreign_volume_is_named_and_its_claim_is_kept(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await start(stack, make, Outcome.FOREIGN)
        stack.runtime.find("default", pods[1]).kill()
        await stack.until(lambda: stack.condition("Stalled")["status"] == "True")
        assert "replace-member" in stack.condition("Stalled")["message"]
        assert stack.find("persistentvolumeclaims", f"p-{pods[1]}") is not None
        old = stack.find("persistentvolumeclaims", f"p-{pods[1]}")["metadata"]["uid"]
        await stack.merge("one", {"metadata": {"annotations": {"kubedirector.hpe.com/replace-member": pods[1]}}})
        await stack.until(lambda: stack.configured("one"))
        assert stack.find("persistentvolumeclaims", f"p-{pods[1]}")["metadata"]["uid"] != old


async def test_claims_go_only_with_a_member_that_the_user_shrank_away(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        pods = await start(stack, make, Outcome.RECOVERED)
        roles = stored(make, workers=1)["spec"]["roles"]
        await stack.merge("one", {"spec": {"roles": roles}})
        await stack.until(lambda: stack.configured("one"))
        assert {item["metadata"]["name"] for item in stack.all("persistentvolumeclaims")} == {f"p-{pod}" for pod in pods[:2]}
        del scale


async def test_a_stateful_set_deleted_by_hand_costs_no_claim(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await start(stack, make, Outcome.RECOVERED)
        claims = {item["metadata"]["uid"] for item in stack.all("persistentvolumeclaims")}
        name = pods[1].rsplit("-", 1)[0]
        await stack.send("DELETE", f"/apis/apps/v1/namespaces/default/statefulsets/{name}", {"propagationPolicy": "Background"})
        await stack.until(lambda: not stack.configured("one"))
        await stack.until(lambda: stack.configured("one"))
        assert {item["metadata"]["uid"] for item in stack.all("persistentvolumeclaims")} == claims
        assert all(stack.guests.of(pod) == ["--configure"] for pod in pods)
