"""Client, watch and store together against the embedded API server, on virtual time, with a wire that is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from kdasync.api.meta import Object, ObjectMeta
from kdasync.api.workloads import ConfigMap
from kdasync.devcluster.environment import seeded
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.server import ApiServer
from kdasync.errors import Gone, KdasyncError
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.resource import CONFIG_MAPS, NAMESPACES
from kdasync.kube.watch import Watcher
from kdasync.settings import Settings
from kdasync.store.informer import Informer
from kdasync.store.store import Store

pytestmark = pytest.mark.looptime


def body(name: str, **data: str) -> bytes:
    return msgspec.json.encode(ConfigMap(api_version="v1", kind="ConfigMap", metadata=ObjectMeta(name=name), data=data))


def client(plane: Plane) -> tuple[Client, InProcessTransport]:
    loop = asyncio.get_running_loop()
    wire = InProcessTransport(ApiServer(plane))
    return Client(wire, settings=Settings(), clock=loop.time, sleep=asyncio.sleep, random=lambda: 0.5), wire


@pytest.fixture
async def plane() -> Plane:
    made = Plane(environment=seeded(1, clock=lambda: 1_700_000_000.0))
    admin, _ = client(made)
    namespace = Object(api_version="v1", kind="Namespace", metadata=ObjectMeta(name="ns"))
    await admin.create(NAMESPACES, "", msgspec.json.encode(namespace))
    return made


@asynccontextmanager
async def informed(reader: Client, errors: list[KdasyncError], *, streaming: bool) -> AsyncIterator[Informer[Any]]:
    watcher = Watcher(
        reader, CONFIG_MAPS, sleep=asyncio.sleep, random=lambda: 0.5, on_error=errors.append, namespace="ns", streaming=streaming
    )
    informer: Informer[Any] = Informer(watcher, Store())
    task = asyncio.create_task(informer.run())
    await asyncio.wait_for(informer.synced.wait(), 10)
    try:
        yield informer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def contents(informer: Informer[Any]) -> dict[str, dict[str, str]]:
    return {item.metadata.name: item.data for item in informer.store}


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_store_follows_the_server(plane: Plane, streaming: bool) -> None:
    admin, _ = client(plane)
    made = await admin.create(CONFIG_MAPS, "ns", body("a", k="1"))
    await admin.create(CONFIG_MAPS, "ns", body("b"))
    errors: list[KdasyncError] = []
    async with informed(client(plane)[0], errors, streaming=streaming) as informer:
        assert contents(informer) == {"a": {"k": "1"}, "b": {}}
        await admin.patch(CONFIG_MAPS, "ns", "b", b'{"data":{"k":"2"}}', content_type=MERGE_PATCH)
        await admin.delete(CONFIG_MAPS, "ns", "a", uid=made.metadata.uid)
        await asyncio.sleep(1)
        assert contents(informer) == {"b": {"k": "2"}}
        assert informer.statistics().lists == 1
    assert errors == []


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_short_cut_is_bridged_without_a_list(plane: Plane, streaming: bool) -> None:
    admin, _ = client(plane)
    reader, wire = client(plane)
    async with informed(reader, [], streaming=streaming) as informer:
        wire.sever()
        await admin.create(CONFIG_MAPS, "ns", body("a"))
        await asyncio.sleep(5)
        wire.mend()
        await asyncio.sleep(60)
        assert contents(informer) == {"a": {}}
        assert informer.statistics().lists == 1


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_gap_that_the_server_has_forgotten_is_bridged_by_a_list(plane: Plane, streaming: bool) -> None:
    admin, _ = client(plane)
    reader, wire = client(plane)
    gone = await admin.create(CONFIG_MAPS, "ns", body("gone"))
    errors: list[KdasyncError] = []
    async with informed(reader, errors, streaming=streaming) as informer:
        wire.sever()
        await asyncio.sleep(1)
        await admin.delete(CONFIG_MAPS, "ns", "gone", uid=gone.metadata.uid)
        await admin.create(CONFIG_MAPS, "ns", body("new"))
        plane.forget()
        wire.mend()
        await asyncio.sleep(60)
        assert contents(informer) == {"new": {}}
        assert informer.statistics().lists == 2
    assert isinstance(errors[-1], Gone)


async def test_our_own_write_and_its_echo_are_one_change(plane: Plane) -> None:
    admin, _ = client(plane)
    seen: list[Any] = []
    async with informed(client(plane)[0], [], streaming=True) as informer:
        informer.subscribe(lambda old, new: seen.append((old, new)))
        made = await admin.create(CONFIG_MAPS, "ns", body("a"))
        assert informer.store.apply(made) is not None
        await asyncio.sleep(1)
    assert seen == []
    assert informer.store.statistics().stale == 1
