"""A setup script that failed, as KubeDirector shows it: the guest had its configmeta, and nobody expects a call from it."""

from __future__ import annotations

from typing import Any

import pytest
from support.bodies import cluster
from support.stack import run

from kdasync.guest.order import Outcome, Result

pytestmark = pytest.mark.looptime


async def test_status_of_a_failed_member() -> None:
    async with run(retries=0) as stack:
        failed = Result(outcome=Outcome.SCRIPT_FAILED, exit_code=3, stdout="out", stderr="err")
        done = Result(outcome=Outcome.DONE)
        stack.guests.script = lambda target, _order: (1.0, failed if target.pod.endswith("-1") else done)
        await stack.create("kubedirectorclusters", cluster())
        await stack.until(lambda: stack.status("one").get("state") == "configured")
        members = [m for role in stack.status("one")["roles"] for m in role["members"]]
        (wrong,) = [m for m in members if m["state"] == "config error"]
        detail: dict[str, Any] = wrong["stateDetail"]
        assert detail.pop("lastConfiguredContainer").startswith("kdasync://")
        assert detail == {
            "configErrorDetail": "execution of app config failed: startscript exited with 3",
            "lastConfigDataGeneration": 1,
            "lastSetupGeneration": 1,
            "lastConnectionVersion": 0,
            "lastKnownContainerState": "running",
            "startScriptStdoutMessage": "out",
            "startScriptStderrMessage": "err",
        }
        rollup = stack.status("one")["memberStateRollup"]
        assert [key for key, value in rollup.items() if value] == ["configErrors"]
