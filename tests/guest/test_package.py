"""Packages over real HTTP: one fetch, conditional, bounded; refusals with reasons."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from kdasync.errors import GuestError
from kdasync.guest.fetch import SessionFetch
from kdasync.guest.package import PackageStore, PackageUnreachable


def archive(text: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("pkg/startscript")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


class Server:
    """Serves packages and remembers requests."""

    def __init__(self) -> None:
        self.bodies = {"/a.tgz": archive(b"one"), "/big.tgz": bytes(200_000), "/page.tgz": b"<html>"}
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, request.headers.get("If-None-Match", "")))
        await self.gate.wait()
        if request.path.startswith("/status/"):
            return web.Response(status=int(request.path.split("/")[2]))
        if request.path == "/moved.tgz":
            raise web.HTTPFound("/a.tgz")
        body = self.bodies.get(request.path)
        if body is None:
            return web.Response(status=404, text="no such page")
        tag = f'"{len(body)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, headers={"ETag": tag})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_get("/{tail:.*}", served.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}"
    yield served
    served.gate.set()
    await runner.cleanup()


@pytest.fixture
async def store() -> AsyncIterator[PackageStore]:
    async with aiohttp.ClientSession() as session:
        packages = PackageStore(SessionFetch(session, limit=100_000, timeout=1), unpacked_limit=1_000_000, kept=1_000_000)
        yield packages
        await packages.close()


async def test_many_askers_make_one_request(server: Server, store: PackageStore) -> None:
    packages = await asyncio.gather(*(store.get(f"{server.url}/a.tgz") for _ in range(50)))
    assert {package.root for package in packages} == {"pkg"}
    assert server.requests == [("/a.tgz", "")]


async def test_a_later_asker_makes_a_conditional_request(server: Server, store: PackageStore) -> None:
    first = await store.get(f"{server.url}/a.tgz")
    again = await store.get(f"{server.url}/a.tgz")
    assert again is first
    assert server.requests[1][1]
    server.bodies["/a.tgz"] = archive(b"another one, of another size" * 10)
    assert (await store.get(f"{server.url}/a.tgz")).digest != first.digest
    assert store.statistics()["kept"] == 1


async def test_redirects_are_followed(server: Server, store: PackageStore) -> None:
    assert (await store.get(f"{server.url}/moved.tgz")).root == "pkg"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none.tgz", "PackageNotFound"),
        ("/status/403", "PackageNotFound"),
        ("/big.tgz", "PackageTooLarge"),
        ("/page.tgz", "PackageMalformed"),
    ],
)
async def test_a_refusal_has_a_reason_and_a_remedy(server: Server, store: PackageStore, path: str, reason: str) -> None:
    with pytest.raises(GuestError) as caught:
        await store.get(server.url + path)
    assert caught.value.reason == reason
    assert caught.value.remedy
    assert not caught.value.transient


async def test_a_missing_package_names_the_http_status(server: Server, store: PackageStore) -> None:
    with pytest.raises(GuestError, match="404"):
        await store.get(f"{server.url}/none.tgz")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_in_trouble_is_asked_again_later(server: Server, store: PackageStore, status: int) -> None:
    with pytest.raises(PackageUnreachable) as caught:
        await store.get(f"{server.url}/status/{status}")
    assert caught.value.transient


async def test_a_silent_server_is_given_up(server: Server, store: PackageStore) -> None:
    server.gate.clear()
    with pytest.raises(PackageUnreachable, match="within 1 s"):
        await store.get(f"{server.url}/a.tgz")
    server.gate.set()
    assert (await store.get(f"{server.url}/a.tgz")).root == "pkg"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.tgz", "ftp://127.0.0.1/a.tgz", "no url"])
async def test_no_server_at_all_is_transient(store: PackageStore, url: str) -> None:
    with pytest.raises(PackageUnreachable):
        await store.get(url)


async def test_one_askers_cancellation_does_not_harm_the_others(server: Server, store: PackageStore) -> None:
    server.gate.clear()
    first, second = (asyncio.create_task(store.get(f"{server.url}/a.tgz")) for _ in range(2))
    await asyncio.sleep(0.1)
    first.cancel()
    server.gate.set()
    assert (await second).root == "pkg"
    assert first.cancelled()


async def test_the_least_recently_used_package_goes_first(server: Server) -> None:
    server.bodies["/b.tgz"] = archive(b"two")
    async with aiohttp.ClientSession() as session:
        size = len(server.bodies["/a.tgz"])
        store = PackageStore(SessionFetch(session, limit=100_000, timeout=1), unpacked_limit=1_000_000, kept=size + 5)
        await store.get(f"{server.url}/a.tgz")
        await store.get(f"{server.url}/b.tgz")
        assert store.statistics()["kept"] == 1
        await store.get(f"{server.url}/a.tgz")
        assert server.requests[-1] == ("/a.tgz", "")
