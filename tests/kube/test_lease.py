"""One leads at a time; the next one follows at once after a release, and after the lease's time otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kdasync.errors import LeaseLost, SettingsError
from kdasync.kube.lease import Elector
from kdasync.settings import Settings

pytestmark = pytest.mark.looptime


async def test_the_first_one_leads_and_says_so_in_the_lease(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    spec = candidates.lease()["spec"]
    assert spec["holderIdentity"] == "one"
    assert spec["leaseDurationSeconds"] == 15
    assert spec["renewTime"].endswith("Z")
    assert (one.term, spec.get("leaseTransitions", 0)) == (0, 0)


async def test_a_leader_stays_leader_while_it_renews(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    await asyncio.sleep(300)
    assert (one.leading, two.leading) == (True, False)
    assert candidates.lease()["spec"].get("leaseTransitions", 0) == 0


async def test_a_released_lease_is_taken_within_one_retry(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    await one.stop()
    assert "holderIdentity" not in candidates.lease()["spec"]
    assert await two.leads() <= 2.1
    assert two.term == 1


async def test_a_killed_leader_is_followed_within_the_lease_time(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    await asyncio.sleep(60)
    began = candidates.time()
    await one.kill()
    await two.leads()
    assert 13 <= candidates.time() - began <= 17.1


async def test_a_lease_is_watched_for_its_full_time_before_it_is_stolen(candidates: Any) -> None:
    """Its text says that it ended long ago, but that is another machine's clock."""
    await candidates.write(
        holderIdentity="dead", leaseDurationSeconds=30, renewTime="2001-01-01T00:00:00.000000Z", leaseTransitions=4
    )
    one = candidates("one")
    took = await one.leads()
    assert 30 <= took <= 32.1
    assert one.term == 5


async def test_a_lease_without_a_holder_needs_no_watching(candidates: Any) -> None:
    await candidates.write(leaseDurationSeconds=1)
    assert await candidates("one").leads() < 0.1


async def test_a_silent_api_server_ends_the_work_before_the_lease(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    await asyncio.sleep(60)
    began = candidates.time()
    one.wire.silent = True
    await one.loses()
    assert 8 <= candidates.time() - began <= 10.1
    assert isinstance(one.lost, LeaseLost)


async def test_a_refusing_api_server_ends_the_work_before_the_lease(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    began = candidates.time()
    one.wire.sever()
    await one.loses()
    assert candidates.time() - began <= 10.1


async def test_a_short_silence_ends_nothing(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    await asyncio.sleep(30)
    one.wire.sever()
    await asyncio.sleep(5)
    one.wire.mend()
    await asyncio.sleep(60)
    assert (one.leading, one.lost, two.leading) == (True, None, False)


async def test_a_lost_answer_of_a_renewal_is_recognised_as_our_own(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    one.wire.lose_next_answer_to("PUT")
    await asyncio.sleep(60)
    assert (one.leading, one.lost, candidates.lease()["spec"].get("leaseTransitions", 0)) == (True, None, 0)
    assert one.wire.lost == 1


async def test_a_lost_answer_to_the_taking_is_recognised_as_our_own(candidates: Any) -> None:
    one = candidates("one", start=False)
    one.wire.lose_next_answer_to("POST")
    one.start()
    assert await one.leads() <= 2.1
    assert candidates.lease()["spec"]["holderIdentity"] == "one"


async def test_a_lease_that_another_one_took_ends_the_work_at_once(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    began = candidates.time()
    await candidates.write(holderIdentity="rude", leaseDurationSeconds=15, leaseTransitions=9)
    await one.loses()
    assert candidates.time() - began <= 2.1
    assert "rude" in str(one.lost)


async def test_a_deleted_lease_ends_the_work_and_is_made_again(candidates: Any) -> None:
    one = candidates("one")
    await one.leads()
    await candidates.delete()
    assert await one.loses() <= 2.1
    assert await one.leads() <= 2.1
    assert candidates.lease()["spec"]["holderIdentity"] == "one"


async def test_a_release_survives_a_renewal_whose_answer_nobody_waited_for(candidates: Any) -> None:
    one, two = candidates("one"), candidates("two")
    await one.leads()
    one.wire.silent_after = "PUT"
    await asyncio.sleep(2.5)
    await one.stop()
    assert await two.leads() <= 2.1


async def test_work_that_fails_releases_the_lease_and_is_told(candidates: Any) -> None:
    one = candidates("one", start=False)
    with pytest.raises(ValueError, match="broken"):
        async with one.elector.lead():
            raise ValueError("broken")
    assert "holderIdentity" not in candidates.lease()["spec"]
    assert not one.elector.leading


async def test_a_timeout_of_the_work_itself_is_no_lost_lease(candidates: Any) -> None:
    one = candidates("one", start=False)
    with pytest.raises(TimeoutError):
        async with one.elector.lead():
            raise TimeoutError
    assert "holderIdentity" not in candidates.lease()["spec"]


async def test_a_cluster_that_refuses_leases_has_no_leader_but_lives(candidates: Any) -> None:
    one = candidates("one", namespace="absent")
    await asyncio.sleep(60)
    assert not one.leading
    await candidates.namespace("absent")
    assert await one.leads() <= 2.1


@pytest.mark.parametrize("changes", [{"lease_retry": 10.0}, {"renew_deadline": 15.0}, {"lease_retry": 0.0}])
def test_times_that_contradict_each_other_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="RENEW_DEADLINE"):
        Elector(None, Settings(**changes), identity="x", clock=float, now=float, sleep=asyncio.sleep)
