"""The life of a cluster, from create to delete, on the whole stack in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime
ADD = "--addnodes --nodegroup 1 --role worker --fqdns "
DEL = "--delnodes --nodegroup 1 --role worker --fqdns "


async def ready(stack: Any, make: Any, **spec: Any) -> list[str]:
    await stack.create("kubedirectorclusters", make(**spec))
    await stack.until(lambda: stack.configured("one"))
    return list(stack.members("one"))


def fqdns(stack: Any, pods: list[str]) -> str:
    service = stack.status("one")["clusterService"]
    return ",".join(f"{pod}.{service}.default.svc.cluster.local" for pod in pods)


async def test_a_cluster_becomes_configured(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make)
        assert list(stack.members("one").values()) == ["configured"] * 3
        assert sorted(stack.guests.calls) == sorted((pod, "--configure") for pod in pods)
        status = stack.status("one")
        assert (status["state"], status["specGenerationToProcess"], status["lastNodeID"]) == ("configured", 1, 3)
        assert {member["nodeID"] for role in status["roles"] for member in role["members"]} == {1, 2, 3}
        assert stack.find("kubedirectorclusters", "one")["metadata"]["finalizers"] == ["kubedirector.hpe.com/cleanup"]


async def test_growth_is_announced_once_to_those_that_were_there(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        old = await ready(stack, make, workers=1)
        await stack.merge("one", scale(4))
        await stack.until(lambda: stack.configured("one"))
        new = [pod for pod in stack.members("one") if pod not in old]
        assert len(new) == 3
        assert all(stack.guests.of(pod) == ["--configure", ADD + fqdns(stack, new)] for pod in old)
        assert all(stack.guests.of(pod) == ["--configure"] for pod in new)
        detail = [m["stateDetail"] for role in stack.status("one")["roles"] for m in role["members"]]
        assert {(d["lastConfigDataGeneration"], d["lastSetupGeneration"]) for d in detail} == {(2, 2)}


async def test_peers_are_told_before_a_pod_goes(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await ready(stack, make, workers=3)
        stack.guests.script = slow(5)
        await stack.merge("one", scale(1))
        await stack.until(lambda: "delete pending" in stack.members("one").values())
        assert len(stack.all("pods")) == 4
        await stack.until(lambda: stack.configured("one"))
        leaving = fqdns(stack, sorted(set(pods_of(stack.guests.calls)) - set(stack.members("one"))))
        assert all(stack.guests.of(pod)[-1] == DEL + leaving for pod in stack.members("one"))
        assert len(stack.all("pods")) == 2
        assert {item["metadata"]["name"] for item in stack.all("services")} >= {f"s-{pod}" for pod in stack.members("one")}
        assert len(stack.all("services")) == 3


def slow(seconds: float) -> Any:
    from kdasync.guest.order import Outcome, Result

    return lambda _target, _order: (seconds, Result(outcome=Outcome.DONE))


def pods_of(calls: list[tuple[str, str]]) -> list[str]:
    return [pod for pod, args in calls if args == "--configure"]


async def test_a_role_comes_and_goes(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await ready(stack, make, workers=0)
        assert len(stack.all("statefulsets")) == 1
        await stack.merge("one", scale(2))
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.all("statefulsets")) == 2
        await stack.merge("one", {"spec": {"roles": make(workers=0)["spec"]["roles"][:1]}})
        await stack.until(lambda: stack.configured("one") and len(stack.all("statefulsets")) == 1)
        assert [role["id"] for role in stack.status("one")["roles"]] == ["master"]


async def test_a_restarted_container_is_set_up_again_and_nobody_is_told(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make)
        stack.runtime.find("default", pods[1]).kill()
        await stack.until(lambda: not stack.configured("one"))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[1]) == ["--configure", "--configure"]
        assert stack.guests.of(pods[0]) == ["--configure"]


async def test_a_deleted_pod_comes_back(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make)
        await stack.send("DELETE", f"/api/v1/namespaces/default/pods/{pods[2]}")
        await stack.until(lambda: not stack.configured("one"))
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[2]) == ["--configure", "--configure"]


async def test_a_deleted_service_is_rebuilt(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make)
        for name in (f"s-{pods[0]}", stack.status("one")["clusterService"]):
            await stack.send("DELETE", f"/api/v1/namespaces/default/services/{name}")
            await stack.until(lambda name=name: stack.find("services", name) is not None)
        assert stack.configured("one")


async def test_a_deleted_stateful_set_is_rebuilt_under_its_name(running: Any, make: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make)
        name = pods[1].rsplit("-", 1)[0]
        old = stack.find("statefulsets", name)["metadata"]["uid"]
        await stack.send("DELETE", f"/apis/apps/v1/namespaces/default/statefulsets/{name}", {"propagationPolicy": "Background"})
        await stack.until(lambda: (stack.find("statefulsets", name) or {"metadata": {"uid": old}})["metadata"]["uid"] != old)
        await stack.until(lambda: stack.configured("one"))
        assert set(stack.members("one")) == set(pods)


async def test_a_spec_changed_forth_and_back_ends_where_it_began(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await ready(stack, make, workers=1)
        for count, wait in ((4, 0.3), (1, 0.2), (3, 2.0), (2, 0.0)):
            await stack.merge("one", scale(count))
            await stack.pause(wait)
        await stack.until(lambda: stack.configured("one"))
        assert list(stack.members("one").values()) == ["configured"] * 3
        assert len(stack.all("pods")) == 3
        assert len(stack.all("services")) == 4


async def test_a_cancelled_shrink_tells_nobody(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        pods = await ready(stack, make, workers=2)
        await stack.merge("one", scale(1))
        await stack.merge("one", scale(2))
        await stack.until(lambda: stack.configured("one"))
        assert list(stack.members("one")) == pods
        assert all(stack.guests.of(pod) == ["--configure"] for pod in pods)


async def test_a_member_whose_peers_were_told_is_replaced_when_the_spec_comes_back(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await ready(stack, make, workers=3)
        stack.guests.script = slow(5)
        await stack.merge("one", scale(2))
        await stack.until(lambda: any(args.startswith("--delnodes") for _, args in stack.guests.calls))
        await stack.merge("one", scale(3))
        await stack.until(lambda: stack.configured("one"))
        members = [m for role in stack.status("one")["roles"] for m in role["members"] if role["id"] == "worker"]
        assert [m["nodeID"] for m in members] == [2, 3, 5]
        assert len(stack.all("pods")) == 4


async def test_a_deleted_cluster_is_gone_with_everything_that_was_made_for_it(running: Any, make: Any) -> None:
    async with running() as stack:
        await ready(stack, make)
        await stack.send("DELETE", "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one")
        await stack.until(lambda: stack.find("kubedirectorclusters", "one") is None)
        await stack.until(lambda: not stack.all("pods") and not stack.all("statefulsets") and not stack.all("services"))
        assert stack.operator.reconciler.memory(("default", "one")) is None


async def test_a_member_deleted_while_its_script_runs_never_blocks_the_delete(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.script = slow(10_000)
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: "creating" in stack.members("one").values())
        await stack.send("DELETE", "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one")
        await stack.until(lambda: stack.find("kubedirectorclusters", "one") is None, seconds=5)
        assert not stack.all("kubedirectorclusters")
