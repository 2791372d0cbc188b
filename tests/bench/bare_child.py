"""The bare client: one raw watch, JSON and nothing else, and the recorded writes of another."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from typing import Any

from bodies import CLUSTERS_PATH
from children import cpu, serve

from kdasync.kube.session import HttpTransport
from kdasync.kube.transport import Request


class Script:
    """The writes of one cluster; `uid` is what it had when they were recorded."""

    def __init__(self, writes: list[list[Any]]) -> None:
        self.writes = [(w[1], w[2], tuple(map(tuple, w[3])), {"Content-Type": w[4]}, w[5].encode(), _version(w)) for w in writes]
        self.uid = next(_uid(w) for w in writes if w[7] == "kubedirectorclusters")


def _uid(write: list[Any]) -> bytes:
    return str(json.loads(write[5])["metadata"]["uid"]).encode()


def _version(write: list[Any]) -> bytes:
    """The resourceVersion that a recorded body insists on."""
    body = json.loads(write[5])
    if isinstance(body, list):
        return next((str(op["value"]).encode() for op in body if op["path"] == "/metadata/resourceVersion"), b"")
    return str(body.get("metadata", {}).get("resourceVersion") or "").encode()


class Bare:
    def __init__(self, url: str) -> None:
        self._transport = HttpTransport(url)
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._finished = 0
        self._writes = 0
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def load(self, value: list[Any]) -> None:
        writes, workers = value
        mine: dict[str, list[list[Any]]] = defaultdict(list)
        for write in writes:
            mine[write[0]].append(write)
        self._scripts = {name: Script(found) for name, found in mine.items()}
        opened = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._work()) for _ in range(workers)]
        self._tasks.append(loop.create_task(self._watch(opened)))
        await opened.wait()
        self._cpu = cpu()

    async def _watch(self, opened: asyncio.Event) -> None:
        request = Request("GET", CLUSTERS_PATH, (("watch", "true"),))
        async with self._transport.stream(request, connect_timeout=10, idle_timeout=600) as stream:
            opened.set()
            rest = b""
            async for chunk in stream.chunks():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    if event["type"] == "ADDED":
                        self._queue.put_nowait(event["object"]["metadata"])

    async def _work(self) -> None:
        while True:
            meta = await self._queue.get()
            await self._replay(self._scripts[meta["name"]], meta["uid"].encode(), meta["resourceVersion"])
            self._finished += 1

    async def _replay(self, script: Script, uid: bytes, version: str) -> None:
        for method, path, query, headers, recorded, old in script.writes:
            body = recorded.replace(script.uid, uid)
            if old:
                body = body.replace(b'"%s"' % old, b'"%s"' % version.encode())
            answer = await self._transport.request(Request(method, path, query, headers, body), timeout=60)
            if answer.status >= 300:
                sys.exit(f"{method} {path}: {answer.status} {answer.body.decode()}")
            document = json.loads(answer.body)
            if path.startswith(CLUSTERS_PATH):
                version = document["metadata"]["resourceVersion"]
            self._writes += 1
            self._last = time.perf_counter()

    async def finished(self, count: int) -> dict[str, float]:
        while self._finished < count:
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)
        return {"last": self._last, "cpu": cpu() - self._cpu, "writes": self._writes}

    async def run(self) -> None:
        await serve({"load": self.load, "finished": self.finished})
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._transport.close()


async def main() -> None:
    await Bare(sys.argv[1]).run()


if __name__ == "__main__":
    asyncio.run(main())
