"""The app is deleted although a cluster uses it: nobody is set up without it, nobody is taken for set up, all goes on when it is back."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.errors import ExecError

pytestmark = pytest.mark.looptime
APP = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorapps/demo"


async def test_a_member_that_restarts_without_its_app_waits_for_it(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        pods = list(stack.members("one"))
        await stack.send("DELETE", APP)
        await stack.until(lambda: stack.condition("Stalled")["reason"] == "AppMissing")
        stack.runtime.find("default", pods[1]).kill()
        await stack.pause(30)
        assert stack.members("one")[pods[1]] == "create pending"
        assert stack.guests.of(pods[1]) == ["--configure"]
        await stack.create("kubedirectorapps", stack.app)
        await stack.until(lambda: stack.configured("one"))
        assert stack.guests.of(pods[1]) == ["--configure", "--configure"]


async def test_a_run_that_was_ordered_waits_for_the_app_after_a_restart_of_the_operator(running: Any, make: Any) -> None:
    async with running() as stack:
        stack.guests.trouble = ExecError("Cut", "away")
        await stack.create("kubedirectorclusters", make(workers=0))
        await stack.until(lambda: "creating" in stack.members("one").values())
        await stack.kill_operator()
        stack.guests.trouble = None
        await stack.send("DELETE", APP)
        stack.start_operator()
        await stack.pause(30)
        assert stack.guests.orders == []
        assert list(stack.members("one").values()) == ["creating"]
        await stack.create("kubedirectorapps", stack.app)
        await stack.until(lambda: stack.configured("one"))
        assert [args for _, args in stack.guests.calls] == ["--configure"]


async def test_a_memory_of_another_version_is_observed_afresh(running: Any, make: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        await stack.kill_operator()
        found = stack.find("kubedirectorclusters", "one")
        found["status"]["kdasync"]["members"][0]["state"] = "dreaming"
        await stack.send("PUT", "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one/status", found)
        stack.start_operator()
        await stack.pause(5)
        await stack.until(lambda: stack.configured("one"))
        assert len(stack.guests.calls) == 3
