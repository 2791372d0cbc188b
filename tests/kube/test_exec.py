"""Against real processes behind the real channel protocol."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kdasync.errors import ExecError, Forbidden
from kdasync.kube.exec import STDERR, STDOUT, exec_

PROTOCOL = "v5.channel.k8s.io"


async def pump(reader: asyncio.StreamReader, socket: web.WebSocketResponse, channel: int) -> None:
    while data := await reader.read(7):
        await socket.send_bytes(bytes([channel]) + data)


async def feed(process: asyncio.subprocess.Process, socket: web.WebSocketResponse) -> None:
    assert process.stdin is not None
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY and message.data == b"\xff\0":
            process.stdin.close()
        elif message.type is aiohttp.WSMsgType.BINARY and message.data[:1] == b"\0":
            process.stdin.write(message.data[1:])
            with suppress(ConnectionError):
                await process.stdin.drain()


def result(code: int) -> dict[str, Any]:
    if code == 0:
        return {"status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "message": f"exit {code}", "details": {"causes": causes}}


async def guest(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=(PROTOCOL,))
    await socket.prepare(request)
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(*request.query.getall("command"), stdin=pipe, stdout=pipe, stderr=pipe)
    except FileNotFoundError:
        message = 'exec failed: unable to start container process: exec: "x": executable file not found in $PATH'
        await socket.send_bytes(b"\x03" + json.dumps({"status": "Failure", "message": message, "reason": "InternalError"}).encode())
        return socket
    feeder = asyncio.create_task(feed(process, socket))
    try:
        await report(process, socket)
    finally:
        feeder.cancel()
        if process.returncode is None:
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()
    return socket


async def report(process: asyncio.subprocess.Process, socket: web.WebSocketResponse) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    await asyncio.gather(pump(process.stdout, socket, 1), pump(process.stderr, socket, 2))
    await socket.send_bytes(b"\x03" + json.dumps(result(await process.wait())).encode())
    await socket.close()


@pytest.fixture
async def client(connect_to: Any, make_client: Any) -> Any:
    return make_client(await connect_to(guest))


async def gather(process: Any) -> tuple[bytes, bytes]:
    out = {STDOUT: b"", STDERR: b""}
    async for channel, data in process:
        out[channel] += data
    return out[STDOUT], out[STDERR]


async def test_output_and_exit_code_arrive(client: Any) -> None:
    async with exec_(client, "ns", "p", "app", ["sh", "-c", "echo öut; echo err >&2; exit 3"]) as process:
        assert await gather(process) == ("öut\n".encode(), b"err\n")
        assert process.exit_code == 3


async def test_success_is_zero(client: Any) -> None:
    async with exec_(client, "ns", "p", "app", ["true"]) as process:
        assert process.exit_code is None
        assert await process.wait() == 0


async def test_stdin_ends_and_is_whole(client: Any) -> None:
    sent = bytes(range(256)) * 1000
    async with exec_(client, "ns", "p", "app", ["sh", "-c", "wc -c"], stdin=True) as process:
        await process.write(sent)
        await process.close_stdin()
        out, _ = await gather(process)
    assert int(out) == len(sent)
    assert process.exit_code == 0


async def test_a_missing_executable_is_told_from_a_failed_one(client: Any) -> None:
    with pytest.raises(ExecError) as caught:
        async with exec_(client, "ns", "p", "app", ["/no/such/thing"]) as process:
            await process.wait()
    assert caught.value.reason == "CommandNotFound"
    assert not caught.value.transient


async def test_a_time_limit_of_the_caller_works(client: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), exec_(client, "ns", "p", "app", ["sleep", "2"]) as process:
            await process.wait()


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        (404, 'pods "p" not found', "NotFound"),
        (400, "container app is not valid for pod p", "ContainerNotFound"),
        (500, 'unable to upgrade connection: container not found ("app")', "ContainerNotFound"),
        (500, "error dialing backend", "Internal"),
    ],
)
async def test_a_refused_upgrade_says_why(connect_to: Any, make_client: Any, code: int, message: str, reason: str) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"kind": "Status", "status": "Failure", "message": message}, status=code)

    with pytest.raises(ExecError) as caught:
        async with exec_(make_client(await connect_to(refuse)), "ns", "p", "app", ["true"]):
            pass
    assert (caught.value.reason, caught.value.message) == (reason, message)


async def test_a_missing_permission_stays_forbidden(connect_to: Any, make_client: Any) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"reason": "Forbidden", "message": "no"}, status=403)

    with pytest.raises(Forbidden):
        async with exec_(make_client(await connect_to(refuse)), "ns", "p", "app", ["true"]):
            pass


@pytest.mark.parametrize("clean", [True, False])
async def test_a_connection_that_ends_without_a_status_is_cut(connect_to: Any, make_client: Any, clean: bool) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(PROTOCOL,))
        await socket.prepare(request)
        await socket.send_bytes(b"\x01half")
        if not clean:
            assert request.transport is not None
            request.transport.abort()
        return socket

    async with exec_(make_client(await connect_to(cut)), "ns", "p", "app", ["true"]) as process:
        assert await process.read() == (STDOUT, b"half")
        with pytest.raises(ExecError) as caught:
            await process.read()
    assert caught.value.reason == "Cut"
    assert process.exit_code is None


async def test_a_server_without_the_protocol_is_refused(connect_to: Any, make_client: Any) -> None:
    async def old(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    with pytest.raises(ExecError, match=r"Use Kubernetes 1\.30"):
        async with exec_(make_client(await connect_to(old)), "ns", "p", "app", ["true"]):
            pass


async def test_any_answer_is_accepted_as_a_kubelet_asks(connect_to: Any, make_client: Any) -> None:
    async def kubelet(request: web.Request) -> web.StreamResponse:
        return await guest(request) if request.headers["Accept"] == "*/*" else web.Response(status=406)

    async with exec_(make_client(await connect_to(kubelet)), "ns", "p", "app", ["true"]) as process:
        assert await process.wait() == 0
