"""The catalog's real software through the operator: formed, grown, shrunk, killed; the app itself is asked, not our status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kdasync.devcluster.image.build import default_cache
from kdasync.devcluster.image.recipe import read_catalog
from kdasync.devcluster.image.store import HOST, ImageStore
from kdasync.guest.pack import catalog_packages

CATALOG = Path(__file__).parents[2] / "catalog"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def images() -> ImageStore:
    return ImageStore(cache=default_cache(), recipes=read_catalog(CATALOG), default=HOST)


async def ask(it: Any, pod: str, app: str, *words: str) -> str:
    """Run the app's own check inside a pod."""
    program = (CATALOG / app / "checks" / "check.sh").read_bytes()
    process = await it.dev.plane.access.exec("default", pod, container="app", command=("sh", "-s", *words), stdin=True, tty=False)
    await process.write(program)
    await process.close_stdin()
    out = b""
    while (piece := await process.read()) is not None:
        out += piece[1]
    assert await process.wait() == 0, out.decode()
    return out.decode()


async def create(it: Any, app: str) -> tuple[str, dict[str, Any]]:
    body = yaml.safe_load((CATALOG / app / "app.yaml").read_text())
    url = body["spec"]["defaultConfigPackage"]["packageURL"]
    it.packages.archives[url] = catalog_packages(CATALOG)[url.rsplit("/", 1)[1]]
    await it.create("kubedirectorapps", body)
    cluster = yaml.safe_load((CATALOG / app / "clusters" / "small.yaml").read_text())
    await it.create("kubedirectorclusters", cluster)
    name = cluster["metadata"]["name"]
    await it.until(lambda: it.ready(name), seconds=300)
    return name, cluster


async def resize(it: Any, name: str, cluster: dict[str, Any], role: str, members: int) -> None:
    for found in cluster["spec"]["roles"]:
        if found["id"] == role:
            found["members"] = members
    await it.edit({"spec": {"roles": cluster["spec"]["roles"]}}, name)
    await it.until(lambda: it.ready(name), seconds=300)


async def kill(it: Any, pod: str, name: str) -> None:
    container = it.dev.plane.access._task("default", pod, "app").running()
    await container.stop(grace=0)

    async def hurt() -> bool:
        return not await it.ready(name)

    await it.until(hurt)
    await it.until(lambda: it.ready(name), seconds=300)


async def test_etcd(plant: Any) -> None:
    async with plant(retries=2) as it:
        name, cluster = await create(it, "etcd")
        first = next(iter(await it.members(name)))
        await ask(it, first, "etcd", "put", "50")
        await resize(it, name, cluster, "member", 3)
        pods = list(await it.members(name))
        assert (await ask(it, first, "etcd", "members")).split() == pods
        assert await ask(it, pods[2], "etcd", "get", "50") == "got 50\n"
        await kill(it, pods[1], name)
        assert (await ask(it, first, "etcd", "members")).split() == pods
        assert await ask(it, pods[1], "etcd", "get", "50") == "got 50\n"
        await resize(it, name, cluster, "member", 1)
        assert (await ask(it, first, "etcd", "members")).split() == [first]
        assert await ask(it, first, "etcd", "get", "50") == "got 50\n"


async def test_patroni(plant: Any) -> None:
    async with plant(retries=2) as it:
        name, cluster = await create(it, "patroni")
        db = list(await it.members(name))[1:]
        await ask(it, db[0], "patroni", "write", "1000")
        for pod in db:
            await ask(it, db[0], "patroni", "read", "1000", pod)
        await resize(it, name, cluster, "db", 3)
        db = list(await it.members(name))[1:]
        assert (await ask(it, db[0], "patroni", "members")).split() == db
        await ask(it, db[0], "patroni", "read", "1000", db[2])
        await kill(it, db[1], name)
        await ask(it, db[0], "patroni", "read", "1000", db[1])
        await resize(it, name, cluster, "db", 2)
        assert (await ask(it, db[0], "patroni", "members")).split() == db[:2]
        assert (await ask(it, db[0], "patroni", "leader")).strip() in db[:2]
        await ask(it, db[0], "patroni", "write", "2000")
        await ask(it, db[0], "patroni", "read", "2000", db[1])
