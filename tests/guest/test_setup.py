"""A setup order: files, one run of the script, KubeDirector's status."""

from __future__ import annotations

from typing import Any

from kdasync.guest.order import Outcome


async def test_a_setup_runs_the_script_once_and_leaves_what_kubedirector_leaves(guest: Any, setup: Any) -> None:
    result = await guest.deliver(setup())
    assert (result.outcome, result.exit_code) == (Outcome.DONE, 0)
    assert result.incarnation == "b001-4242"
    assert guest.calls == ["--configure"]
    assert guest.text("/opt/guestconfig/configure.status") == "containerd://c1=0"
    assert guest.text("/etc/guestconfig/configmeta.json") == '{"version":"7"}'
