"""An order of an older commit is refused."""

from __future__ import annotations

from typing import Any

from kdasync.guest.order import Outcome


async def test_a_lower_commit_is_refused_and_changes_nothing(guest: Any, setup: Any) -> None:
    await guest.deliver(setup(commit=9))
    result = await guest.deliver(setup(commit=8, attempt=2, configmeta=b"old"))
    assert result.outcome is Outcome.STALE
    assert guest.text("/etc/guestconfig/configmeta.json") == '{"version":"7"}'
    assert len(guest.calls) == 1


async def test_the_fence_counts_for_one_incarnation_only(guest: Any, setup: Any) -> None:
    await guest.deliver(setup(commit=9))
    guest.boot("5555")
    assert (await guest.deliver(setup(commit=8))).outcome is Outcome.DONE
