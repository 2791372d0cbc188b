"""The HTTP shell: TLS by its own authority, bearer tokens, watches and clients that leave."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import Any

import aiohttp
import pytest
import yaml

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings


@pytest.fixture
async def session(dev: DevCluster) -> Any:
    config = yaml.safe_load(dev.kubeconfig())
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=authority))
    headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    async with aiohttp.ClientSession(dev.url, connector=connector, headers=headers) as found:
        yield found


async def test_a_verified_connection_with_a_token(session: aiohttp.ClientSession) -> None:
    async with session.get("/api/v1/namespaces") as answer:
        assert answer.status == 200
        assert (await answer.json())["items"][0]["metadata"]["name"] == "default"


async def test_without_a_good_token_nothing_is_told(session: aiohttp.ClientSession) -> None:
    async with session.get("/api/v1/namespaces", headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 401
        assert (await answer.json())["reason"] == "Unauthorized"
    async with session.get("/readyz", headers={"Authorization": "Bearer wrong"}) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


async def test_a_client_that_leaves_ends_its_watch(dev: DevCluster, session: aiohttp.ClientSession) -> None:
    async with session.get("/api/v1/pods", params={"watch": "true", "resourceVersion": "1"}):
        assert dev.storage.statistics()["feeds"] == 1
    async with asyncio.timeout(5):
        while dev.storage.statistics()["feeds"]:  # noqa: ASYNC110 - the server's own end of the connection
            await asyncio.sleep(0.01)


async def test_closing_ends_open_watches() -> None:
    async with aiohttp.ClientSession() as client:
        async with DevCluster(settings=DevClusterSettings(tls=False)) as dev:
            answer = await client.get(f"{dev.url}/api/v1/namespaces", params={"watch": "true"})
            assert b'"type":"ADDED"' in await answer.content.readany()
        async with asyncio.timeout(5):
            assert await answer.content.read() == b""


async def test_plain_http_on_loopback() -> None:
    async with DevCluster(settings=DevClusterSettings(tls=False)) as dev, aiohttp.ClientSession(dev.url) as client:
        assert dev.url.startswith("http://127.0.0.1:")
        async with client.get("/version") as answer:
            assert (await answer.json())["major"] == "1"
