"""One conversation with an API server: every request and its answer, written down as both servers can be compared.

Why a recorder and no assertions: what is right is what the real server says. A conversation only asks; its transcript is compared step
by step with the one that the real server gave.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from conformance.normal import Normal

from kdasync.kube.transport import ChannelRefused, Query, Request, Stream, Transport

Json = dict[str, Any]

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGENT = "conformance/1"
_SECONDS = 30.0
_STATUS = 3  # channel of the final Status


class Step(msgspec.Struct, frozen=True):
    """What was asked and what came, both normal.

    Attributes:
        title: unique in its conversation.
        asked: method, path and query, or what was waited for.
        answer: status, warnings and body; or the events of a watch; or the frames of a channel.
    """

    title: str
    asked: str
    answer: Any


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversation stands on.

    Attributes:
        transport: to the server.
        token: unique on that server, part of every name of cluster scope.
        image: of a guest with `sh` and `cat`.
        host: an address of this process that the server can reach.
        compact: drops the server's history.
    """

    transport: Transport
    token: str
    image: str
    host: str
    compact: Callable[[], Awaitable[None]]


class Answer(msgspec.Struct, frozen=True):
    """As it came."""

    status: int
    body: Any


class Talk:
    """Records steps; construct one for each run of a conversation."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.token = ground.token
        self.namespace = f"conf-{ground.token}"
        self.group = f"{ground.token}.example.com"
        self.steps: list[Step] = []
        self.normal = Normal(ground.token, ground.host, ground.image)

    def path(self, plural: str, name: str = "", *, group: str = "") -> str:
        """Of a namespaced object or collection; `group` with its version, "" for the core one."""
        root = f"/apis/{group}" if group else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    async def raw(self, request: Request) -> Answer:
        """Ask without writing it down."""
        answer = await self.ground.transport.request(request, timeout=_SECONDS)
        return Answer(answer.status, _shown(dict(answer.headers), answer.body))

    async def quiet(self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **query: Any) -> Answer:
        """Ask without writing it down."""
        return await self.raw(_request(method, path, body, kind=kind, accept="", query=query))

    async def __call__(
        self,
        title: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        accept: str = "",
        **query: Any,
    ) -> Answer:
        """One step; the answer as it came, for what follows."""
        request = _request(method, path, body, kind=kind, accept=accept, query=query)
        answer = await self.ground.transport.request(request, timeout=_SECONDS)
        found = Answer(answer.status, _shown(dict(answer.headers), answer.body))
        shown: Json = {
            "status": answer.status,
            "type": answer.headers.get("content-type", "").partition(";")[0],
            "body": found.body,
        }
        if "warning" in answer.headers:
            shown["warning"] = answer.headers["warning"]
        self._note(title, request, shown)
        return found

    async def until(self, title: str, path: str, check: Callable[[Answer], bool], *, seconds: float = _SECONDS) -> Answer:
        """Ask again and again; the answer that satisfied `check` is the step."""
        end = time.monotonic() + seconds
        request = _request("GET", path, None, kind="", accept="", query={})
        while not check(answer := await self.raw(request)):
            if time.monotonic() > end:
                self._note(title, request, {"never": answer.body})
                return answer
            await asyncio.sleep(0.05)
        self._note(title, request, {"status": answer.status, "body": answer.body})
        return answer

    @asynccontextmanager
    async def watch(self, path: str, *, accept: str = "", **query: Any) -> AsyncIterator[Watching]:
        """An open watch, also one that was refused."""
        request = _request("GET", path, None, kind="", accept=accept, query={"watch": "true", **query})
        async with self.ground.transport.stream(request, connect_timeout=_SECONDS, idle_timeout=_SECONDS) as stream:
            watching = Watching(stream)
            try:
                yield watching
            finally:
                await watching.close()

    async def heard(self, title: str, watching: Watching, count: int = 0) -> list[Json]:
        """The next `count` events of a watch, or all until its end (0), as a step."""
        events = await watching.take(count)
        self.steps.append(Step(title, "events", {"status": watching.status, "events": self.normal(events)}))
        return events

    async def exec(
        self, title: str, pod: str, command: tuple[str, ...], *, stdin: bytes | None = None, streams: str = "oe"
    ) -> None:
        """One exec as a step: the protocol, what each channel carried in full, and the final status."""
        flags = [("container", "app")] + ([("stdin", "true")] if stdin is not None else [])
        flags += [(name, "true") for key, name in (("o", "stdout"), ("e", "stderr")) if key in streams]
        request = Request("GET", self.path("pods", pod) + "/exec", (*flags, *(("command", word) for word in command)))
        try:
            async with self.ground.transport.channel(request, connect_timeout=_SECONDS) as channel:
                if stdin is not None:
                    await channel.send(b"\0" + stdin)
                    await channel.send(b"\xff\0")
                carried: dict[int, bytes] = {}
                while (frame := await channel.receive()) is not None:
                    carried[frame[0]] = carried.get(frame[0], b"") + frame[1:]
                    if frame[0] == _STATUS and len(frame) > 1:
                        break  # the last word; how the connection ends then is up to the node
                shown = {"protocol": channel.protocol, "channels": {str(key): _text(carried[key]) for key in sorted(carried)}}
        except ChannelRefused as refused:
            shown = {"refused": refused.response.status, "body": _shown(dict(refused.response.headers), refused.response.body)}
        self._note(title, request, shown)

    def _note(self, title: str, request: Request, answer: Json) -> None:
        if any(step.title == title for step in self.steps):
            raise ValueError(f"two steps are called {title}")
        query = "&".join(f"{key}={value}" for key, value in request.query)
        asked = f"{request.method} {request.path}" + (f"?{query}" if query else "")
        self.steps.append(Step(title, self.normal.text(asked), self.normal(answer)))


class Watching:
    """A stream of events, read line by line."""

    def __init__(self, stream: Stream) -> None:
        self.status = stream.status
        self._chunks = stream.chunks()
        self._rest = b""
        self._ready: list[Json] = []

    async def take(self, count: int) -> list[Json]:
        """`count` events, fewer if it ends; 0 for all until its end."""
        while not count or len(self._ready) < count:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                break
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            self._ready += [json.loads(line) for line in lines if line]
        taken = self._ready[: count or None]
        self._ready = self._ready[len(taken) :]
        if self._rest and not taken:  # a refusal has no line end of its own
            return [json.loads(self._rest)]
        return taken

    async def close(self) -> None:
        """End it."""
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()


def _request(method: str, path: str, body: Any, *, kind: str, accept: str, query: Json) -> Request:
    headers = {"accept": accept or "application/json", "user-agent": query.pop("agent", AGENT)}
    if body is not None:
        headers["content-type"] = kind
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs: Query = tuple((key, str(value)) for key, value in query.items())
    return Request(method, path, pairs, headers, data)


def _shown(headers: dict[str, str], body: bytes) -> Any:
    if "json" in headers.get("content-type", ""):
        return json.loads(body)
    return body.decode(errors="replace")


def _text(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
