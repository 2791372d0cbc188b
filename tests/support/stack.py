"""The whole stack in one process on virtual time: API server, controllers, node with the simulated runtime, and the operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import yaml
from support.bodies import APP, Json
from support.guests import FakeGuests, SomePackage

from kdasync.devcluster import environment
from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.manager import Controllers
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.node.node import Node
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.devcluster.runtime.simulated_container import Behaviour
from kdasync.devcluster.server import ApiServer
from kdasync.kube.transport import Request
from kdasync.operator import Operator, World
from kdasync.settings import Settings
from kdasync.workqueue.nursery import Nursery

ROOT = Path(__file__).parents[2]
EPOCH = 1_800_000_000.0


@cache
def crds() -> tuple[Json, ...]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
    files = sorted((ROOT / "manifests" / "crds").glob("*.yaml"))
    return tuple(yaml.load(path.read_text(), Loader=loader) for path in files)  # noqa: S506 - both are safe loaders


class Stack:
    def __init__(self, seed: int = 1) -> None:
        loop = asyncio.get_running_loop()
        self.now = lambda: EPOCH + loop.time()
        self.random = Random(seed)  # noqa: S311 - repeatable
        env = environment.seeded(seed, self.now)
        self.plane = Plane(environment=env)
        self.server = ApiServer(self.plane)
        self.runtime = SimulatedRuntime(random=Random(seed + 1))  # noqa: S311 - repeatable
        self.caches = Caches(Wire(InProcessTransport(self.server)))
        self.manager = Controllers(self.caches, publish=self.runtime.publish)
        self.node = Node(self.caches, self.runtime, environment=env)
        self.plane.access = getattr(self.node, "access", None)
        self.settings = Settings()
        self.guests = FakeGuests(self)
        self.packages = SomePackage()
        self.app = APP
        self.guest_tasks: Nursery
        self.operator: Operator | None = None
        self._running: asyncio.Task[None] | None = None
        self.transport: InProcessTransport | None = None

    def start_operator(self, *, transport: Any = None, guests: Any = None, **changes: Any) -> Operator:
        world = World(
            clock=asyncio.get_running_loop().time,
            now=self.now,
            sleep=asyncio.sleep,
            random=self.random.random,
            uid=self.plane.environment.uid,
            token=lambda: f"{self.random.getrandbits(128):032x}",
        )
        self.transport = transport or InProcessTransport(self.server)
        self.operator = Operator(
            self.transport,
            settings=msgspec.structs.replace(self.settings, **changes),
            world=world,
            packages=self.packages,
            guests=guests or self.guests,
        )
        self._running = asyncio.get_running_loop().create_task(self.operator.run())
        return self.operator

    async def kill_operator(self) -> None:
        """Cut the wire first: a killed process sends nothing more."""
        if self._running is None or self.transport is None:
            return
        self.transport.sever()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    async def send(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> Json:
        data = b"" if body is None else msgspec.json.encode(body)
        answer = await self.server.handle(Request(method, path, (), {"content-type": media}, data))
        result: Json = msgspec.json.decode(answer.body)
        assert answer.status < 300, result
        return result

    async def create(self, kind: str, body: Json, namespace: str = "default") -> Json:
        return await self.send("POST", f"/apis/kubedirector.hpe.com/v1beta1/namespaces/{namespace}/{kind}", body)

    async def merge(self, name: str, patch: Json, *, namespace: str = "default") -> Json:
        path = f"/apis/kubedirector.hpe.com/v1beta1/namespaces/{namespace}/kubedirectorclusters/{name}"
        return await self.send("PATCH", path, patch, media="application/merge-patch+json")

    def all(self, plural: str) -> list[Json]:
        group = {"statefulsets": "apps", "kubedirectorclusters": "kubedirector.hpe.com"}.get(plural, "")
        return [entry.object for entry in self.plane.storage.list(f"{group}/{plural}")]

    def find(self, plural: str, name: str, namespace: str = "default") -> Json | None:
        for item in self.all(plural):
            if (item["metadata"]["name"], item["metadata"].get("namespace", "")) == (name, namespace):
                return item
        return None

    def status(self, name: str, namespace: str = "default") -> Json:
        found = self.find("kubedirectorclusters", name, namespace)
        return (found or {}).get("status", {})

    async def until(self, check: Callable[[], bool], *, seconds: float = 120) -> float:
        """Wait on virtual time; returns how long it took."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        while not check():
            assert loop.time() - start < seconds, f"not within {seconds} s: {self.members('one')} {self.remembered()}"
            await asyncio.sleep(min(1.0, 0.05 + (loop.time() - start) / 100))
        return loop.time() - start

    def hide_container_ids(self) -> None:
        """Containers run, but their ids are never reported."""
        self.runtime.behave = lambda _sandbox, _spec: Behaviour(hide_id=True)

    def requests(self) -> dict[tuple[str, str], int]:
        """What the operator has sent, by verb and kind."""
        counted: dict[tuple[str, str], int] = {}
        for metric in self.operator.metrics.registry.collect():
            for sample in metric.samples:
                if sample.name == "kdasync_api_requests_total":
                    key = (sample.labels["verb"], sample.labels["kind"])
                    counted[key] = counted.get(key, 0) + int(sample.value)
        return counted

    def remembered(self) -> list[str]:
        """One line per member: what the machines know."""
        memory = self.status("one").get("kdasync", {})
        lines = [f"{memory.get('state')} epoch {memory.get('epoch')} log {memory.get('log')}"]
        lines += [
            f"{m['nodeID']} {m['role']}-{m['ordinal']} {m['state']} run={m.get('run')} told={m.get('told')} {m.get('detail', '')}"
            for m in memory.get("members", [])
        ]
        return lines

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def picture(self) -> Json:
        clusters = self.all("kubedirectorclusters")
        return {item["metadata"]["name"]: dict(item.get("status", {}).items()) for item in clusters}

    def configured(self, name: str) -> bool:
        found = self.find("kubedirectorclusters", name)
        if not found or not found.get("status"):
            return False
        ready = [c for c in found["status"].get("conditions", []) if c["type"] == "Ready"]
        return bool(ready) and ready[0]["status"] == "True" and ready[0]["observedGeneration"] == found["metadata"]["generation"]

    def condition(self, kind: str, name: str = "one") -> Json:
        found = [c for c in self.status(name).get("conditions", []) if c["type"] == kind]
        return found[0] if found else {"status": "", "reason": "", "message": ""}

    def members(self, name: str) -> dict[str, str]:
        return {m["pod"]: m["state"] for role in self.status(name).get("roles", []) for m in role["members"]}


@asynccontextmanager
async def run(seed: int = 1, *, app: Json = APP, node: bool = True, start: bool = True, **changes: Any) -> AsyncIterator[Stack]:
    """A stack with the CRDs and the app; the operator and the node are started unless told otherwise."""
    stack = Stack(seed)
    for crd in crds():
        await stack.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    await stack.send("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
    async with Nursery() as nursery:
        stack.guest_tasks = nursery
        for coroutine, name in ((stack.caches.run(), "caches"), (stack.manager.run(), "controllers")):
            nursery.start(coroutine, name=name)
        await stack.caches.synced()
        if node:
            nursery.start(stack.node.run(), name="node")
        await stack.create("kubedirectorapps", app)
        if start:
            stack.start_operator(**changes)
        yield stack
        await stack.kill_operator()
        nursery.stop()
