import asyncio
import json
from typing import Any

import pytest

from kdasync.errors import TransportError
from kdasync.kube.events import NORMAL, Recorder
from kdasync.kube.wire import ObjectReference

pytestmark = pytest.mark.looptime

ABOUT = ObjectReference(api_version="v1", kind="Pod", namespace="ns", name="p", uid="u")
START = 1_700_000_000.25


@pytest.fixture
def recorder(scripted: Any, make_client: Any, wire: Any) -> Any:
    def make(**kwargs: Any) -> Recorder:
        loop = asyncio.get_running_loop()
        scripted.answers = scripted.answers or [wire.answer(201, {"metadata": {}}) for _ in range(100)]
        client = make_client(scripted)
        return Recorder(client, controller="c/k", instance="i", clock=loop.time, now=lambda: START + loop.time(), **kwargs)

    return make


def note(recorder: Recorder, message: str = "it happened") -> None:
    recorder.record(ABOUT, type=NORMAL, reason="Happened", action="Do", message=message)


async def run(recorder: Recorder, seconds: float) -> None:
    task = asyncio.create_task(recorder.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_note_becomes_an_event(scripted: Any, recorder: Any) -> None:
    made = recorder()
    note(made)
    await run(made, 1)
    ((_, request),) = scripted.asked
    body = json.loads(request.body)
    assert request.path == "/apis/events.k8s.io/v1/namespaces/ns/events"
    assert body["regarding"] == {"apiVersion": "v1", "kind": "Pod", "namespace": "ns", "name": "p", "uid": "u"}
    assert body["eventTime"] == "2023-11-14T22:13:20.250000Z"
    assert (body["reason"], body["action"], body["note"], body["type"]) == ("Happened", "Do", "it happened", "Normal")
    assert "series" not in body


async def test_a_timer_that_fires_a_moment_early_is_no_busy_loop(scripted: Any, wire: Any, make_client: Any) -> None:
    loop = asyncio.get_running_loop()
    scripted.answers = [wire.answer(201, {"metadata": {}}) for _ in range(9)]
    late = Recorder(make_client(scripted), controller="c", instance="i", clock=lambda: loop.time() - 1e-7, now=lambda: START)
    task = asyncio.create_task(late.run())
    note(late)
    await asyncio.sleep(1)
    note(late)
    await asyncio.sleep(120)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [request.method for _, request in scripted.asked] == ["POST", "PATCH"]


async def test_repetitions_are_one_series_written_at_most_once_a_minute(scripted: Any, recorder: Any) -> None:
    made = recorder()
    task = asyncio.create_task(made.run())
    for _ in range(120):
        note(made)
        await asyncio.sleep(1)
    await asyncio.sleep(120)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    methods = [request.method for _, request in scripted.asked]
    counts = [json.loads(request.body)["series"]["count"] for _, request in scripted.asked[1:]]
    assert methods == ["POST", "PATCH", "PATCH"]
    assert counts[-1] == 120


async def test_after_ten_quiet_minutes_it_is_a_new_event(scripted: Any, recorder: Any) -> None:
    made = recorder()
    note(made)
    task = asyncio.create_task(made.run())
    await asyncio.sleep(601)
    note(made)
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [request.method for _, request in scripted.asked] == ["POST", "POST"]


async def test_other_messages_are_other_events(scripted: Any, recorder: Any) -> None:
    made = recorder()
    note(made, "one")
    note(made, "two")
    await run(made, 1)
    assert len({json.loads(request.body)["metadata"]["name"] for _, request in scripted.asked}) == 2


async def test_a_failing_server_costs_the_note_and_nothing_else(scripted: Any, recorder: Any) -> None:
    scripted.answers = [TransportError("cut"), TransportError("cut")]
    made = recorder()
    note(made)
    task = asyncio.create_task(made.run())
    await asyncio.sleep(1)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert made.statistics().dropped == 1


async def test_the_recorder_is_bounded(recorder: Any) -> None:
    made = recorder(capacity=3)
    for number in range(10):
        note(made, f"message {number}")
    assert made.statistics() == (10, 0, 7, 3)


async def test_a_long_note_is_cut_between_characters(scripted: Any, recorder: Any) -> None:
    made = recorder()
    note(made, "x" + "é" * 1000)
    await run(made, 1)
    sent = json.loads(scripted.asked[0][1].body)["note"]
    assert sent == "x" + "é" * 511
