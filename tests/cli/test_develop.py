"""`kdasync dev`, with simulated pods over real sockets: a catalog app becomes ready, its history is told, nothing is left."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from kdasync.cli.access import client_of
from kdasync.cli.apps import definition, sample
from kdasync.cli.development import Wish, develop
from kdasync.cli.journal import Line, history
from kdasync.cli.states import state_of
from kdasync.errors import DefinitionError, NotFound
from kdasync.kube.client import Client
from kdasync.kube.resource import APPS, CLUSTERS, CONFIG_MAPS


async def ready(client: Client, name: str) -> list[str]:
    while True:
        cluster = await client.get(CLUSTERS, "default", name)
        conditions = cluster.status.conditions if cluster.status else []
        if cluster.status and any(each.type == "Ready" and each.status == "True" for each in conditions):
            return [member.pod for role in cluster.status.roles for member in role.members]
        await asyncio.sleep(0.05)


async def complete(client: Client, name: str) -> list[Line]:
    """The journal, once it tells that the cluster is configured: it is written in bursts."""
    while True:
        written = (await client.list(CONFIG_MAPS, "default")).items
        lines = await history(client, "default", name) if written else []
        if any((line.member, line.dest) == ("", "configured") for line in lines):
            return lines
        await asyncio.sleep(0.1)


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def first(said: list[str], task: asyncio.Task[None]) -> str:
    while not said:
        if task.done():
            await task
        await asyncio.sleep(0.02)
    return said[0]


async def test_an_app_becomes_ready_and_its_history_is_told(tmp_path: Path) -> None:
    place, said = tmp_path / "kubeconfig", []
    wish = Wish(runtime="simulated", kubeconfig=place, port=0, operator=True, image="")
    task = asyncio.create_task(develop(wish, tell=said.append))
    async with asyncio.timeout(60):
        text = await first(said, task)
        assert str(place) in text
        assert place.stat().st_mode & 0o777 == 0o600
        base = re.search(r"http://127\.0\.0\.1:\d+", text)
        assert base
        async with client_of(str(place), None) as client:
            await client.create(APPS, "default", msgspec.json.encode(definition("dask", package_base=base[0])))
            await client.create(CLUSTERS, "default", msgspec.json.encode(sample("dask")))
            pods = await ready(client, "dask-small")
            assert len(pods) == 3
            lines = await complete(client, "dask-small")
            assert (lines[0].source, lines[0].dest, lines[0].member) == ("new", "creating", "")
            assert {line.member for line in lines if line.dest == "configured"} == {"", *pods}
            assert await state_of(client, "default", machine="cluster", name="dask-small") == "configured"
            assert await state_of(client, "default", machine="member", name=pods[0]) == "configured"
            with pytest.raises(DefinitionError, match="Name a pod of a cluster"):
                await state_of(client, "default", machine="member", name="nobody")
            with pytest.raises(NotFound):
                await history(client, "default", "nobody")
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert not place.exists()


async def test_without_operator_it_is_a_kubernetes_with_the_crds(tmp_path: Path) -> None:
    place, said = tmp_path / "kubeconfig", []
    task = asyncio.create_task(
        develop(Wish(runtime="simulated", kubeconfig=place, port=0, operator=False, image=""), tell=said.append)
    )
    async with asyncio.timeout(60):
        assert "catalog" not in await first(said, task)
        async with client_of(str(place), None) as client:
            await client.create(CLUSTERS, "default", msgspec.json.encode(sample("dask")))
            await asyncio.sleep(0.3)
            assert (await client.get(CLUSTERS, "default", "dask-small")).status is None
        task.cancel()
        await asyncio.wait([task])
    assert left(tmp_path) == []
