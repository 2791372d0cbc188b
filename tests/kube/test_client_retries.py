import asyncio
from typing import Any

import pytest

from kdasync.errors import Conflict, ServerError, TooManyRequests, TransportError
from kdasync.kube.resource import PODS

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_read_is_repeated_after_a_cut_and_after_a_server_error(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [
        TransportError("cut"),
        wire.answer(500, wire.status(500, "InternalError")),
        wire.answer(200, wire.pod("p", 1)),
    ]
    found = await make_client(scripted).get(PODS, "ns", "p")
    assert found.metadata.name == "p"
    assert len(scripted.asked) == 3
    assert 0.2 < now() < 2


async def test_a_write_that_may_have_arrived_is_never_sent_again(scripted: Any, make_client: Any, wire: Any) -> None:
    for failure in (TransportError("cut", sent=True), wire.answer(500, wire.status(500, "InternalError"))):
        scripted.answers = [failure]
        with pytest.raises((TransportError, ServerError)):
            await make_client(scripted).create(PODS, "ns", b"{}")
    assert len(scripted.asked) == 2
    assert now() == 0


async def test_a_write_that_surely_never_left_is_sent_again(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [TransportError("refused", sent=False), wire.answer(201, wire.pod("p", 1))]
    await make_client(scripted).create(PODS, "ns", b"{}")
    assert len(scripted.asked) == 2


@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_is_obeyed_by_writes_too(scripted: Any, make_client: Any, wire: Any, code: int) -> None:
    scripted.answers = [wire.answer(code, wire.status(code, "x"), retry_after="3"), wire.answer(201, wire.pod("p", 1))]
    await make_client(scripted).create(PODS, "ns", b"{}")
    assert 3 <= scripted.times[1] < 3.5


async def test_503_without_retry_after_is_not_repeated_for_a_write(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [wire.answer(503, wire.status(503, "ServiceUnavailable"))]
    with pytest.raises(ServerError):
        await make_client(scripted).create(PODS, "ns", b"{}")


async def test_a_conflict_is_not_repeated(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [wire.answer(409, wire.status(409, "Conflict"))]
    with pytest.raises(Conflict):
        await make_client(scripted).replace(PODS, "ns", "p", b"{}")


async def test_a_call_ends_within_the_request_timeout(scripted: Any, make_client: Any, wire: Any) -> None:
    client = make_client(scripted)
    scripted.answers = [wire.answer(500, wire.status(500, "InternalError"))] * 200
    with pytest.raises(ServerError):
        await client.get(PODS, "ns", "p")
    assert now() <= client.settings.request_timeout
    assert 3 < len(scripted.asked) < 50


async def test_a_wait_beyond_the_timeout_is_left_to_the_caller(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [wire.answer(429, wire.status(429, "TooManyRequests"), retry_after="60")]
    with pytest.raises(TooManyRequests) as caught:
        await make_client(scripted).get(PODS, "ns", "p")
    assert caught.value.retry_after == 60
    assert now() == 0


async def test_a_pause_holds_back_the_whole_client(scripted: Any, make_client: Any, wire: Any) -> None:
    client = make_client(scripted)
    scripted.answers = [wire.answer(429, wire.status(429, "x"), retry_after="4"), *[wire.answer(200, wire.pod("p", 1))] * 2]
    first = asyncio.create_task(client.get(PODS, "ns", "p"))
    await asyncio.sleep(1)
    await client.get(PODS, "ns", "q")
    await first
    assert scripted.times[0] == 0
    assert min(scripted.times[1:]) >= 4
