"""The whole product on real processes: devcluster with the process runtime, the operator, real guests, a real launcher."""

from __future__ import annotations

import asyncio
import gzip
import io
import random
import secrets
import shutil
import tarfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.store import HOST, ImageStore
from kdasync.devcluster.image.tools import POSIX
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.guest.archive import check_package
from kdasync.guest.order import Package
from kdasync.kube.transport import Request
from kdasync.operator import Operator, World
from kdasync.settings import Settings

asyncio.set_event_loop(None)

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
IDLE = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done")
IMAGES = (
    Recipe(name="test/posix:1", base="scratch", tools=POSIX, entrypoint=IDLE),
    Recipe(
        name="test/shell:1",
        base="scratch",
        tools=("sh",),
        entrypoint=("sh", "-c", "trap 'exit 0' TERM; while :; do read x </dev/zero; done"),
    ),
    Recipe(name="test/nothing:1", base="scratch", tools=("sleep",), entrypoint=("sleep", "100000")),
    *(
        (Recipe(name="test/busybox:1", base="scratch", tools=("busybox", "sh=busybox"), entrypoint=IDLE),)
        if shutil.which("busybox")
        else ()
    ),
)


def package(files: dict[str, str], *, mode: int = 0o755) -> bytes:
    """A setup package: one folder with these files."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), mode
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(raw.getvalue())


class PackageShelf:
    """Archives by URL, checked as those from the network are."""

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}

    async def get(self, url: str) -> Package:
        return check_package(self.archives[url], source=url, limit=1 << 26)


class Plant:
    """A devcluster and an operator over it."""

    def __init__(self, dev: DevCluster, settings: Settings) -> None:
        self.dev = dev
        self.settings = settings
        self.packages = PackageShelf()
        self._running: asyncio.Task[None] | None = None
        self._transport: Any = None
        self.operator: Operator | None = None

    def start_operator(self) -> None:
        loop = asyncio.get_running_loop()
        world = World(
            clock=loop.time,
            now=time.time,
            sleep=asyncio.sleep,
            random=random.Random(1).random,  # noqa: S311 - back-off
            uid=lambda: str(uuid.uuid4()),
            token=lambda: secrets.token_hex(16),
        )
        self._transport = self.dev.connect()
        self.operator = Operator(self._transport, settings=self.settings, world=world, packages=self.packages)
        self._running = loop.create_task(self.operator.run())

    async def kill_operator(self) -> None:
        if self._running is None:
            return
        self._transport.sever()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    async def send(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> Json:
        data = b"" if body is None else msgspec.json.encode(body)
        answer = await self.dev.transport.request(Request(method, path, (), {"content-type": media}, data), timeout=30)
        result: Json = msgspec.json.decode(answer.body)
        assert answer.status < 300, result
        return result

    async def create(self, kind: str, body: Json) -> Json:
        return await self.send("POST", f"/apis/kubedirector.hpe.com/v1beta1/namespaces/default/{kind}", body)

    async def cluster(self, name: str = "one") -> Json:
        return await self.send("GET", f"/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/{name}")

    async def edit(self, patch: Json, name: str = "one") -> Json:
        path = f"/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/{name}"
        return await self.send("PATCH", path, patch, media="application/merge-patch+json")

    async def condition(self, kind: str, name: str = "one") -> Json:
        found = (await self.cluster(name)).get("status", {}).get("conditions", [])
        return next((item for item in found if item["type"] == kind), {"status": "", "reason": "", "message": ""})

    async def members(self, name: str = "one") -> dict[str, str]:
        status = (await self.cluster(name)).get("status", {})
        return {m["pod"]: m["state"] for role in status.get("roles", []) for m in role["members"]}

    async def until(self, check: Callable[[], Any], *, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not await check():
            assert time.monotonic() < end, msgspec.json.encode((await self.cluster()).get("status")).decode()
            await asyncio.sleep(0.05)

    async def ready(self, name: str = "one") -> bool:
        found = await self.cluster(name)
        ready = await self.condition("Ready", name)
        return ready["status"] == "True" and ready["observedGeneration"] == found["metadata"]["generation"]

    async def stalled(self, reason: str, name: str = "one") -> bool:
        return (await self.condition("Stalled", name))["reason"] == reason

    async def run(self, pod: str, *command: str) -> tuple[int, bytes]:
        process = await self.dev.plane.access.exec("default", pod, container="app", command=command, stdin=False, tty=False)
        out = b""
        while (piece := await process.read()) is not None:
            out += piece[1]
        return await process.wait(), out

    async def calls(self, pod: str) -> list[str]:
        """What the start script wrote down of its calls."""
        code, out = await self.run(pod, "sh", "-c", "cat /tmp/calls 2>/dev/null || :")
        assert code == 0
        return out.decode().splitlines()

    def app(
        self, *, name: str = "demo", image: str = "test/posix:1", script: str, files: dict[str, str] | None = None, **role: Any
    ) -> Json:
        url = f"http://packages/{name}.tgz"
        self.packages.archives[url] = package({"app/startscript": script, **(files or {})})
        policy = role.pop("policy", None)
        return {
            "apiVersion": "kubedirector.hpe.com/v1beta1",
            "kind": "KubeDirectorApp",
            "metadata": {"name": name},
            "spec": {
                "label": {"name": name},
                "distroID": "acme/demo",
                "version": "1",
                "configSchemaVersion": 8,
                "defaultConfigPackage": {"packageURL": url, "useNewSetupLayout": True},
                "services": [],
                "roles": [{"id": "node", "cardinality": "1+", "imageRepoTag": image, **role}],
                "config": {"selectedRoles": ["node"], "roleServices": []},
                **({"kdasync": {"roles": [{"id": "node", **policy}]}} if policy else {}),
            },
        }


SCRIPT = """#!/bin/sh
echo "$*" >>/tmp/calls
"""


def body(name: str = "one", *, members: int = 1, app: str = "demo", **role: Any) -> Json:
    resources = {"limits": {"memory": "64Mi", "cpu": "100m"}}
    return {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorCluster",
        "metadata": {"name": name},
        "spec": {
            "app": app,
            "serviceType": "ClusterIP",
            "roles": [{"id": "node", "members": members, "resources": resources, **role}],
        },
    }


@pytest.fixture
def make() -> Callable[..., Json]:
    return body


@pytest.fixture
def script() -> str:
    """A start script that writes its calls down."""
    return SCRIPT


@pytest.fixture(name="package")
def _package() -> Callable[..., bytes]:
    """Makes a package of files."""
    return package


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return ImageStore(cache=tmp_path_factory.mktemp("images"), recipes=IMAGES, default=HOST)


@pytest.fixture
def plant(tmp_path: Path, images: ImageStore) -> Any:
    """`async with plant() as it`: everything runs."""

    @asynccontextmanager
    async def start(*, http: bool = False, **changes: Any) -> AsyncIterator[Plant]:
        runtime = ProcessRuntime(state=tmp_path / "state", images=images, ids=lambda: secrets.token_hex(32))
        settings = msgspec.structs.replace(Settings(), **{"retries": 0, "journal": False, **changes})
        async with DevCluster(runtime, settings=DevClusterSettings(host="127.0.0.1" if http else "")) as dev:
            it = Plant(dev, settings)
            for path in sorted((ROOT / "manifests" / "crds").glob("*.yaml")):
                await it.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(path.read_text()))
            it.start_operator()
            try:
                yield it
            finally:
                await it.kill_operator()

    return start
