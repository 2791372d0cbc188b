"""Every edge has its series from the start, and a scrape says what happened."""

from __future__ import annotations

import asyncio

import aiohttp

from kdasync.telemetry.metrics import MACHINES, Metrics
from kdasync.telemetry.probes import Heart, serve
from statemachines.machine import Step
from statemachines.member import MEMBER

SERIES_LIMIT = 2000


def test_every_edge_counts_from_zero() -> None:
    text = Metrics().exposition().decode()
    for built in MACHINES:
        for edge in built.table.edges:
            labels = f'dest="{edge.dest}",machine="{built.table.name}",source="{edge.source}",trigger="{edge.trigger}"'
            assert f"kdasync_transitions_total{{{labels}}} 0.0" in text


def test_the_registry_stays_small() -> None:
    assert sum(not line.startswith("#") for line in Metrics().exposition().decode().splitlines()) < SERIES_LIMIT


def test_a_step_is_counted_and_timed() -> None:
    metrics = Metrics()
    edge = MEMBER.table.edges[0]
    metrics.transition(Step("member", edge), 3.0)
    labels = {"machine": "member", "source": edge.source, "trigger": edge.trigger, "dest": edge.dest}
    assert metrics.registry.get_sample_value("kdasync_transitions_total", labels) == 1
    assert metrics.registry.get_sample_value("kdasync_transition_duration_seconds_sum", labels) == 3.0


def test_the_census_is_of_now() -> None:
    metrics = Metrics()
    metrics.population("member", {"configured": 3})
    metrics.population("member", {"configured": 2, "draining": 1})
    for state, count in (("configured", 2), ("draining", 1), ("planned", 0)):
        assert metrics.registry.get_sample_value("kdasync_state_objects", {"machine": "member", "state": state}) == count


async def test_the_port_answers_metrics_and_probes() -> None:
    metrics = Metrics()
    ready = False
    heart = Heart(metrics, clock=asyncio.get_running_loop().time)
    async with (
        serve(metrics, host="127.0.0.1", port=0, alive=heart.alive, ready=lambda: ready) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        assert (await session.get("/healthz")).status == 200
        assert (await session.get("/readyz")).status == 503
        ready = True
        assert (await session.get("/readyz")).status == 200
        body = await (await session.get("/metrics")).text()
        assert "workqueue_depth" in body
        assert "kdasync_event_lag_seconds_bucket" in body
