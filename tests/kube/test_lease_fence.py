"""Who does not lead writes nothing, whatever it believes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.errors import LeaseLost
from kdasync.kube.exec import exec_
from kdasync.kube.resource import CONFIG_MAPS, LEASES

pytestmark = pytest.mark.looptime


async def test_a_leader_writes_and_a_stand_by_does_not(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    await one.note("a")
    with pytest.raises(LeaseLost):
        await two.note("b")
    assert candidates.notes() == ["a"]


async def test_a_stand_by_may_read(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    assert (await two.client.get(LEASES, "kubedirector", "kdasync")).spec.holder_identity == "one"


async def test_a_stopped_old_leader_that_goes_on_writes_nothing(candidates: Any) -> None:
    """Its work did not run when it should have been cancelled, as in a process that was stopped."""
    one, two = candidates("one", deaf=True), candidates("two")
    await one.leads()
    one.wire.silent = True
    await two.leads()
    one.wire.silent = False
    await two.note("two")
    with pytest.raises(LeaseLost):
        await one.note("one")
    assert candidates.notes() == ["two"]


async def test_the_fence_closes_before_the_lease_can_be_stolen(candidates: Any) -> None:
    one, two = candidates("one", deaf=True), candidates("two")
    await one.leads()
    await asyncio.sleep(30)
    one.wire.silent = True
    began = candidates.time()
    closed = await one.until(lambda: not one.elector.leading)
    await two.leads()
    assert closed <= 10.1
    assert candidates.time() - began - closed >= 3


async def test_an_exec_is_fenced_too(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    with pytest.raises(LeaseLost):
        async with exec_(two.client, "default", "pod", "app", ("true",)):
            pass
    assert two.wire.sent("exec") == 0


async def test_nothing_is_sent_after_the_end_of_a_term(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    await one.stop()
    with pytest.raises(LeaseLost):
        await one.client.create(CONFIG_MAPS, "kubedirector", b'{"metadata": {"name": "late"}}')
    assert candidates.notes() == []
