"""A wrong answer turns the suite red: each of these breaks one thing in devcluster's answers on their way to the client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from conformance import catalogue, grounds
from conformance.compare import Accepted, judge
from conformance.talk import Step, Talk

from kdasync.kube.transport import Channel, Request, Response, Stream, Transport


class Broken:
    """A transport whose answers are changed."""

    def __init__(self, inner: Transport, change: Callable[[Response], Response]) -> None:
        self._inner = inner
        self._change = change

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        return self._change(await self._inner.request(request, timeout=timeout))

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AsyncIterator[Stream]:
        async with self._inner.stream(request, connect_timeout=connect_timeout, idle_timeout=idle_timeout) as stream:
            yield stream

    @asynccontextmanager
    async def channel(self, request: Request, *, connect_timeout: float) -> AsyncIterator[Channel]:
        async with self._inner.channel(request, connect_timeout=connect_timeout) as channel:
            yield channel

    async def close(self) -> None:
        await self._inner.close()


def _replaced(old: bytes, new: bytes) -> Callable[[Response], Response]:
    return lambda answer: msgspec.structs.replace(answer, body=answer.body.replace(old, new))


def _another_status(answer: Response) -> Response:
    return msgspec.structs.replace(answer, status=400) if answer.status == 409 else answer


def _a_field_more(answer: Response) -> Response:
    value: Any = msgspec.json.decode(answer.body) if answer.body.startswith(b"{") else {}
    return msgspec.structs.replace(answer, body=msgspec.json.encode({**value, "selfLink": "/x"})) if value else answer


def _stuck_generation(answer: Response) -> Response:
    value: Any = msgspec.json.decode(answer.body) if answer.body.startswith(b"{") else {}
    if value.get("metadata", {}).get("generation"):
        value["metadata"]["generation"] = 1
        return msgspec.structs.replace(answer, body=msgspec.json.encode(value))
    return answer


async def _steps(name: str, change: Callable[[Response], Response]) -> list[Step]:
    async with grounds.devcluster(http=False) as ground:
        broken = msgspec.structs.replace(ground, transport=Broken(ground.transport, change))
        return await catalogue.run(catalogue.conversations()[name], Talk(broken))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("locking.updates", _another_status),
        ("locking.deletes", _replaced(b"does not match", b"differs from")),
        ("generation.custom", _stuck_generation),
        ("create.config_maps", _a_field_more),
    ],
)
async def test_a_broken_answer_is_found(name: str, change: Callable[[Response], Response]) -> None:
    verdict = judge(catalogue.load(name), await _steps(name, change), catalogue.accepted(name))
    assert verdict.unexpected


async def test_an_unbroken_one_is_not() -> None:
    verdict = judge(catalogue.load("generation.custom"), await _steps("generation.custom", lambda answer: answer), ())
    assert not verdict


def test_an_acceptance_of_no_difference_is_found() -> None:
    steps = catalogue.load("generation.custom")
    entry = Accepted(conversation="generation.custom", step="create", path="body.metadata.generation", reason="it was so once")
    assert judge(steps, steps, [entry]).stale == (entry,)


def test_a_missing_step_and_another_order_are_found() -> None:
    steps = catalogue.load("generation.custom")
    assert judge(steps, steps[:-1], ()).unexpected
    assert judge(steps, [steps[1], steps[0], *steps[2:]], ()).unexpected
