"""exec over the channel: stdin with half-close, both streams, exit status, refusals, a client that leaves."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kdasync.kube.transport import Channel, ChannelRefused, Request

PATH = "/api/v1/namespaces/default/pods/{}/exec"


@pytest.fixture
async def pods(api: Any, access: Any) -> Any:
    del access
    for name in ("p", "asleep"):
        body = {"metadata": {"name": name}, "spec": {"nodeName": "n", "containers": [{"name": "app", "image": "guest:1"}]}}
        await api.made("/api/v1/namespaces/default/pods", body)
    return api


def channel(api: Any, *command: str, pod: str = "p", stdin: bool = True, more: Any = ()) -> AbstractAsyncContextManager[Channel]:
    flags = (("stdin", str(stdin).lower()), ("stdout", "true"), ("stderr", "true"))
    query = (*(("command", word) for word in command), *flags, *more)
    return api.transport.channel(Request("GET", PATH.format(pod), query), connect_timeout=5)  # type: ignore[no-any-return]


async def drained(opened: Channel) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while (frame := await opened.receive()) is not None:
        found[frame[0]] = found.get(frame[0], b"") + frame[1:]
    return found


async def test_stdin_ends_by_a_close_frame(pods: Any) -> None:
    async with channel(pods, "sh", "-c", "cat; echo err >&2") as opened:
        assert opened.protocol == "v5.channel.k8s.io"
        await opened.send(b"\x00hello ")
        await opened.send(b"\x00world")
        await opened.send(bytes([255, 0]))
        found = await drained(opened)
    assert found[1] == b"hello world"
    assert found[2] == b"err\n"
    assert json.loads(found[3]) == {"metadata": {}, "status": "Success"}


async def test_the_exit_code_comes_as_a_status(pods: Any) -> None:
    async with channel(pods, "sh", "-c", "exit 7", stdin=False) as opened:
        status = json.loads((await drained(opened))[3])
    assert status["status"] == "Failure"
    assert status["reason"] == "NonZeroExitCode"
    assert status["message"] == "command terminated with non-zero exit code: command terminated with exit code 7"
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "7"}]


async def test_large_streams_arrive_whole(pods: Any) -> None:
    data = bytes(range(256)) * 4096
    async with channel(pods, "cat") as opened:
        for start in range(0, len(data), 65536):
            await opened.send(b"\x00" + data[start : start + 65536])
        await opened.send(bytes([255, 0]))
        assert (await drained(opened))[1] == data


async def test_a_missing_program_is_told(pods: Any) -> None:
    async with channel(pods, "no-such-program") as opened:
        status = json.loads((await drained(opened))[3])
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert 'exec: "no-such-program": executable file not found in $PATH' in status["message"]


async def test_a_container_that_does_not_run_is_told(pods: Any) -> None:
    async with channel(pods, "true", pod="asleep") as opened:
        status = json.loads((await drained(opened))[3])
    assert 'container "app" in pod "asleep" is not running' in status["message"]


async def test_refusals_are_plain_answers(pods: Any) -> None:
    with pytest.raises(ChannelRefused) as refused:
        async with channel(pods, "true", pod="none"):
            pass
    assert refused.value.response.status == 404
    with pytest.raises(ChannelRefused) as refused:
        async with channel(pods, "true", more=(("container", "other"),)):
            pass
    assert refused.value.response.status == 400
    assert json.loads(refused.value.response.body)["message"] == "container other is not valid for pod p"
    with pytest.raises(ChannelRefused) as refused:
        async with channel(pods):
            pass
    assert refused.value.response.status == 400


async def test_a_client_that_leaves_ends_its_process(pods: Any, access: Any) -> None:
    async with channel(pods, "sleep", "1000") as opened:
        await opened.send(b"\x00")
        await access.started.wait()
    async with asyncio.timeout(5):
        assert await access.processes[0].wait() == -9
