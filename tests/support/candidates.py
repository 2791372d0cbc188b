"""Processes that stand for election on one API server, each with its own wire and its own idea of the time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar

from kdasync.devcluster.environment import seeded
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.server import ApiServer
from kdasync.errors import LeaseLost, TransportError
from kdasync.kube.client import Client
from kdasync.kube.lease import Elector
from kdasync.kube.resource import CONFIG_MAPS
from kdasync.kube.transport import Request, Response
from kdasync.settings import Settings

EPOCH = 1_800_000_000.0
HOME = "kubedirector"
Json = dict[str, Any]
C = TypeVar("C", bound="Candidate")


class Wire(InProcessTransport):
    """A wire that can also be silent, lose an answer, or deliver answers only once its process goes on."""

    def __init__(self, server: ApiServer) -> None:
        super().__init__(server)
        self.silent = False
        self.silent_after = ""
        self.lost = 0
        self.going = asyncio.Event()
        self.going.set()
        self.paths: list[str] = []
        self._lose = ""

    def lose_next_answer_to(self, method: str) -> None:
        self._lose = method

    def sent(self, text: str) -> int:
        return sum(text in path for path in self.paths)

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109
        self.paths.append(request.path)
        if self.silent:
            await asyncio.sleep(timeout)
            raise TransportError("silence")
        answer = await super().request(request, timeout=timeout)
        if request.method == self.silent_after:
            self.silent_after = ""
            await asyncio.sleep(timeout)
            raise TransportError("silence")
        if request.method == self._lose:
            self._lose = ""
            self.lost += 1
            raise TransportError("lost")
        await self.going.wait()
        return answer


class Candidate:
    """A process whose work is to lead. A deaf one works on when it is cancelled."""

    def __init__(self, server: ApiServer, name: str, settings: Settings, *, offset: float = 0.0, deaf: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.wire = Wire(server)
        self.deaf = deaf
        self.leading = False
        self.term = -1
        self.lost: LeaseLost | None = None
        self._random = Random(name).random  # noqa: S311 - repeatable
        clock, self.now = (lambda: loop.time() + offset), (lambda: EPOCH + loop.time() - 7 * offset)
        plain = Settings(request_timeout=settings.renew_deadline / 2)
        self.elector = Elector(
            Client(self.wire, settings=plain, clock=clock, sleep=self.sleep, random=self._random),
            settings,
            identity=name,
            clock=clock,
            now=self.now,
            sleep=self.sleep,
        )
        self.client = Client(
            self.wire, settings=settings, clock=clock, sleep=self.sleep, random=self._random, before_send=self.elector.fence
        )
        self.task: asyncio.Task[None] | None = None
        self.count = 0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.wire.going.wait()

    def start(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.run())

    async def run(self) -> None:
        while True:
            try:
                async with self.elector.lead() as self.term:
                    await self.work()
            except LeaseLost as error:
                self.lost = error

    async def work(self) -> None:
        self.leading = True
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.deaf:
                await asyncio.Event().wait()
            raise
        finally:
            self.leading = False

    async def note(self, text: str) -> None:
        self.count += 1
        body = {"metadata": {"name": f"note-{self.name}-{self.count}"}, "data": {"text": text}}
        await self.client.create(CONFIG_MAPS, HOME, json.dumps(body).encode())

    async def leads(self) -> float:
        """Wait until it leads; returns how long it took."""
        return await self.until(lambda: self.leading)

    async def loses(self) -> float:
        """Wait until a term was lost; returns how long it took."""
        return await self.until(lambda: self.lost is not None)

    async def until(self, check: Callable[[], bool]) -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while not check():
            assert loop.time() - start < 60, f"{self.name} leading is {self.leading} for 60 s"
            await asyncio.sleep(0.01)
        return loop.time() - start

    async def stop(self) -> None:
        if self.task is not None:
            while not self.task.done():
                self.task.cancel()
                await asyncio.wait([self.task], timeout=20)

    async def kill(self) -> None:
        self.wire.sever()
        await self.stop()


class Candidates:
    """All of them, and the lease they want."""

    def __init__(self, seed: int = 1) -> None:
        self.time = asyncio.get_running_loop().time
        self.plane = Plane(environment=seeded(seed, lambda: EPOCH + self.time()))
        self.server = ApiServer(self.plane)
        self.settings = Settings()
        self.all: list[Candidate] = []

    def __call__(self, name: str, *, start: bool = True, namespace: str = HOME, **options: Any) -> Candidate:
        candidate = self.add(Candidate(self.server, name, Settings(namespace=namespace), **options))
        if start:
            candidate.start()
        return candidate

    def add(self, candidate: C) -> C:
        """One more, to be ended with the others."""
        self.all.append(candidate)
        return candidate

    async def send(self, method: str, path: str, body: Json | None = None, *, media: str = "application/json") -> Json:
        data = b"" if body is None else json.dumps(body).encode()
        answer = await self.server.handle(Request(method, path, (), {"content-type": media}, data))
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    async def namespace(self, name: str) -> None:
        await self.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def lease(self) -> Json:
        return next(entry.object for entry in self.plane.storage.list("coordination.k8s.io/leases"))

    async def write(self, **spec: Any) -> None:
        path = f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases"
        if any(True for _ in self.plane.storage.list("coordination.k8s.io/leases")):
            await self.send("PATCH", f"{path}/kdasync", {"spec": spec}, media="application/merge-patch+json")
        else:
            await self.send("POST", path, {"metadata": {"name": "kdasync"}, "spec": spec})

    async def delete(self) -> None:
        await self.send("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases/kdasync")

    def notes(self) -> list[str]:
        entries = sorted(self.plane.storage.list("/configmaps"), key=lambda e: int(e.object["metadata"]["resourceVersion"]))
        return [entry.object["data"]["text"] for entry in entries if entry.object["metadata"]["name"].startswith("note-")]


@asynccontextmanager
async def election(seed: int = 1) -> AsyncIterator[Candidates]:
    found = Candidates(seed)
    await found.namespace(HOME)
    try:
        yield found
    finally:
        for candidate in found.all:
            candidate.deaf = False
            candidate.wire.going.set()
            await candidate.kill()
