"""A scripted transport for virtual time, a real server for real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from support.candidates import Candidates, election

from kdasync.errors import TransportError
from kdasync.kube.client import Client
from kdasync.kube.session import HttpTransport
from kdasync.kube.transport import Request, Response
from kdasync.settings import Settings


class ScriptedStream:
    """Pieces: bytes are sent, a number is silence in seconds, an exception is raised; then the stream ends."""

    def __init__(self, pieces: tuple[Any, ...], idle_timeout: float, status: int = 200) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self._pieces = pieces
        self._idle = idle_timeout

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, bytes):
                yield piece
                continue
            await asyncio.sleep(min(piece, self._idle))
            if piece > self._idle:
                raise TransportError("silent")

    async def read(self) -> bytes:
        return b"".join(piece for piece in self._pieces if isinstance(piece, bytes))


class ScriptedTransport:
    """Answers requests and streams from two lists, in order; remembers what was asked, and when."""

    def __init__(self) -> None:
        self.answers: list[Response | Exception] = []
        self.streams: list[tuple[Any, ...] | Response | Exception] = []
        self.asked: list[tuple[float, Request]] = []
        self.open = 0

    def _note(self, request: Request) -> None:
        self.asked.append((asyncio.get_running_loop().time(), request))

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.asked]

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(request.query) for _, request in self.asked]

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109
        assert timeout > 0
        self._note(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AsyncIterator[ScriptedStream]:
        assert connect_timeout > 0
        self._note(request)
        script = self.streams.pop(0) if self.streams else (10**9,)
        if isinstance(script, Exception):
            raise script
        self.open += 1
        try:
            if isinstance(script, Response):
                yield ScriptedStream((script.body,), idle_timeout, script.status)
            else:
                yield ScriptedStream(script, idle_timeout)
        finally:
            self.open -= 1


def answer(status: int = 200, body: Any = None, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body or {}).encode())


def status_body(code: int, reason: str, message: str = "") -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code}


def pod(name: str, version: int, *, namespace: str = "ns") -> dict[str, Any]:
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {}, "status": {"phase": "Running"}}


def line(kind: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def bookmark(version: int, *, initial_end: bool = False) -> bytes:
    meta: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if initial_end:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    return line("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": {"containers": None}, "status": {}})


class Wire:
    """Makers of what travels on the wire."""

    answer = staticmethod(answer)
    status = staticmethod(status_body)
    pod = staticmethod(pod)
    line = staticmethod(line)
    bookmark = staticmethod(bookmark)


@pytest.fixture
def wire() -> type[Wire]:
    return Wire


@pytest.fixture
def scripted() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def make_client() -> Callable[..., Client]:
    def make(
        transport: Any, *, random: Callable[[], float] = lambda: 0.5, settings: Settings | None = None, **kwargs: Any
    ) -> Client:
        loop = asyncio.get_running_loop()
        return Client(transport, settings=settings or Settings(), clock=loop.time, sleep=asyncio.sleep, random=random, **kwargs)

    return make


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Start a real server: `url = await serve(handler)`; the handler sees every request."""
    runners: list[web.AppRunner] = []

    async def start(handler: Any, *, ssl_context: Any = None) -> str:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context)
        await site.start()
        port = runner.addresses[0][1]
        return f"{'https' if ssl_context else 'http'}://127.0.0.1:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def connect_to(serve: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """A real server and a transport to it: `transport = await connect_to(handler, token=...)`."""
    transports: list[HttpTransport] = []

    async def connect(handler: Any, **kwargs: Any) -> HttpTransport:
        transport = HttpTransport(await serve(handler), **kwargs)
        transports.append(transport)
        return transport

    yield connect
    for transport in transports:
        await transport.close()


@pytest.fixture
async def candidates() -> AsyncIterator[Candidates]:
    """`one = candidates("one")`: a process that stands for election."""
    async with election() as found:
        yield found
