"""What is made for a cluster is kept right, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime


async def test_a_service_type_is_changed_in_place(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        before = {item["metadata"]["name"]: item["metadata"]["uid"] for item in stack.all("services")}
        await stack.merge("one", {"spec": {"serviceType": "NodePort"}})
        await stack.until(lambda: sum(item["spec"]["type"] == "NodePort" for item in stack.all("services")) == 3)
        assert {item["metadata"]["name"]: item["metadata"]["uid"] for item in stack.all("services")} == before
        await stack.until(lambda: stack.configured("one"))


async def test_a_lost_owner_reference_is_put_back(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        name = stack.status("one")["clusterService"]
        path = f"/api/v1/namespaces/default/services/{name}"
        await stack.send("PATCH", path, {"metadata": {"ownerReferences": None}}, media="application/merge-patch+json")
        await stack.until(lambda: bool(stack.find("services", name)["metadata"].get("ownerReferences")))
        owner = stack.find("services", name)["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["name"], owner["controller"]) == ("KubeDirectorCluster", "one", True)


async def test_a_name_that_somebody_else_has_is_named_and_not_touched(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        pod = next(iter(stack.members("one")))
        path = f"/api/v1/namespaces/default/services/s-{pod}"
        await stack.kill_operator()
        await stack.send("DELETE", path)
        other = {"metadata": {"name": f"s-{pod}"}, "spec": {"ports": [{"port": 1, "name": "x"}]}}
        await stack.send("POST", "/api/v1/namespaces/default/services", other)
        stack.start_operator()
        await stack.until(lambda: stack.condition("Stalled")["reason"] == "NameTaken")
        assert stack.find("services", f"s-{pod}")["spec"]["ports"][0]["name"] == "x"
        assert not stack.find("services", f"s-{pod}")["metadata"].get("ownerReferences")


async def test_a_paused_cluster_is_left_alone_until_it_goes_on(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make(workers=1))
        await stack.until(lambda: stack.configured("one"))
        await stack.merge("one", {"spec": {"kdasync": {"paused": True}}})
        await stack.merge("one", scale(3))
        await stack.pause(20)
        assert len(stack.all("pods")) == 2
        await stack.merge("one", {"spec": {"kdasync": {"paused": False}}})
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.all("pods")) == 4
