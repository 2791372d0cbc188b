"""An API server that counts what it is asked, and feeds that stamp writes at the very moment they are stored."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.devcluster import routing
from kdasync.devcluster.answers import Answer, Streaming, Upgrade
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.server import ApiServer
from kdasync.devcluster.storage import Change, Feed, Storage
from kdasync.kube.transport import Request

OPERATOR = "kdasync"  # the user agent of `kube/session.py`
_WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
SECONDARY = ("configmaps", "events")  # journal and Events: beside the work, never in its way


class Write(msgspec.Struct, frozen=True, array_like=True):
    """A recorded write; `at` is when it was answered."""

    cluster: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    media: str
    body: str
    at: float
    plural: str


class ObservedServer(ApiServer):
    """Counts requests per user agent; keeps the operator's writes."""

    def __init__(self, plane: Plane) -> None:
        super().__init__(plane)
        self.counts: dict[str, Counter[str]] = {}
        self.codes: Counter[int] = Counter()
        self.writes: list[Write] = []
        self.first: dict[str, float] = {}
        self.last_write = 0.0

    async def answer(self, request: Request) -> Answer:
        agent = request.headers.get("user-agent", "")
        self.first.setdefault(agent, time.perf_counter())
        answer = await super().answer(request)
        verb, plural = self._named(request, answer)
        self.counts.setdefault(agent, Counter())[f"{verb} {plural}"] += 1
        if agent == OPERATOR:
            self._note(request, answer, plural)
        return answer

    def _named(self, request: Request, answer: Answer) -> tuple[str, str]:
        target = routing.resolve(self.plane.registry, request.path)
        if target is None:
            return "get", request.path
        plural = target.resource.plural + (f"/{target.subresource}" if target.subresource else "")
        if isinstance(answer, Upgrade):
            return "exec", plural
        if isinstance(answer, Streaming):
            return "watch", plural
        return _WRITES.get(request.method) or ("get" if target.name else "list"), plural

    def _note(self, request: Request, answer: Answer, plural: str) -> None:
        if request.method not in _WRITES or isinstance(answer, Streaming | Upgrade):
            return
        now = time.perf_counter()
        self.codes[answer.status] += 1
        self.last_write = now
        if answer.status < 300:
            media = request.headers.get("content-type", "")
            write = Write(
                _cluster(request, answer.body),
                request.method,
                request.path,
                request.query,
                media,
                request.body.decode(),
                now,
                plural,
            )
            self.writes.append(write)


def _cluster(request: Request, answer: bytes) -> str:
    """The cluster that a write is for."""
    before, found, after = request.path.partition("/kubedirectorclusters/")
    if found:
        return after.partition("/")[0]
    document: dict[str, Any] = msgspec.json.decode(answer)
    labels = document["metadata"].get("labels") or {}
    return str(labels.get("kubedirector.hpe.com/kdcluster") or (document.get("regarding") or {}).get("name") or before)


class Stamping(Feed):
    """Calls `stamp(object, time)` synchronously with every write of a resource."""

    def __init__(self, storage: Storage, resource: str, stamp: Callable[[dict[str, Any], float], None]) -> None:
        super().__init__(storage._shelf(resource), None)
        self._stamp = stamp

    def push(self, change: Change) -> None:
        if change.kind != "DELETED":
            self._stamp(change.entry.object, time.perf_counter())


class Stamps:
    """When pods became ready, and when the status of their cluster said what.

    Attributes:
        ready: pod -> its Ready condition became true.
        seen: pod -> the first status that shows the member in a state past `create pending`.
        configured: pod -> the first status that shows it `configured`.
        ended: pod -> the setup script's end.
    """

    def __init__(self, storage: Storage) -> None:
        self.ready: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.configured: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.done: dict[str, float] = {}
        Stamping(storage, "/pods", self._pod)
        Stamping(storage, "kubedirector.hpe.com/kubedirectorclusters", self._cluster)

    def _pod(self, pod: dict[str, Any], now: float) -> None:
        name = pod["metadata"]["name"]
        conditions = pod.get("status", {}).get("conditions", [])
        if name not in self.ready and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
            self.ready[name] = now

    def _cluster(self, cluster: dict[str, Any], now: float) -> None:
        status = cluster.get("status") or {}
        for role in status.get("roles", ()):
            for member in role["members"]:
                if member["state"] != "create pending":
                    self.seen.setdefault(member["pod"], now)
                if member["state"] == "configured":
                    self.configured.setdefault(member["pod"], now)
        ready = [c for c in status.get("conditions", ()) if c["type"] == "Ready" and c["status"] == "True"]
        if ready and ready[0].get("observedGeneration") == cluster["metadata"]["generation"]:
            self.done.setdefault(cluster["metadata"]["name"], now)
