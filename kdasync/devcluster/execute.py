"""exec over a WebSocket: v5.channel.k8s.io, and v4 without its half-close.

Flow: frames of channel 0 go to stdin, stdout and stderr come as channels 1 and 2, the exit status as a Status on channel 3; in v5 a
frame on channel 255 closes the channel it names.
Guarantees: the Status is the last frame; a client that vanishes ends the process that it started (its detached children live on).
Source: apimachinery `remotecommand/constants.go`, kubelet `remotecommand`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from kdasync.devcluster.answers import Answer, ServerChannel, Upgrade
from kdasync.devcluster.plane import Call
from kdasync.devcluster.runtime.protocol import Process
from kdasync.devcluster.status import Failure, bad_request, not_implemented

Json = dict[str, Any]

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
STDIN, STATUS, CLOSE = 0, 3, 255
_UNTYPED = frozenset({"kind", "apiVersion"})  # a channel's Status leaves out what it is


def negotiated(call: Call, supported: tuple[str, ...] = (V5, V4)) -> str:
    """The subprotocol of the WebSocket: the first one offered that is supported.

    Raises:
        Failure: 400, nothing in common.
    """
    offered = [item.strip() for item in call.headers.get("sec-websocket-protocol", supported[0]).split(",")]
    chosen = next((item for item in offered if item in supported), "")
    if not chosen and any(item.startswith("SPDY/") for item in offered):
        raise not_implemented("SPDY inside a WebSocket, which kubectl port-forward speaks. Use kubectl exec, or the pod's address.")
    if not chosen:
        raise bad_request(
            f"unable to upgrade: unable to negotiate protocol: client supports {offered}, server accepts {list(supported)}"
        )
    return chosen


async def start(call: Call, container: str) -> Answer:
    """Start the process, then upgrade.

    Raises:
        Failure: 400 without a command, 500 if the container is not running.
    """
    command = call.params.all("command")
    if not command:
        raise bad_request("you must specify at least one command for the container")
    if not any(call.params.flag(name) for name in ("stdin", "stdout", "stderr")):
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    protocol = negotiated(call)
    access = call.plane.access
    assert access is not None  # noqa: S101 - the caller looked
    stdin = call.params.flag("stdin")
    wanted = frozenset(number for name, number in (("stdout", 1), ("stderr", 2)) if call.params.flag(name))
    first = next((number for name, number in (("stdout", 1), ("stderr", 2)) if call.params.flag(name)), STATUS)

    async def serve(channel: ServerChannel) -> None:
        await channel.send(bytes([first]))  # kubelet's sign that the streams are open
        try:
            process = await access.exec(
                call.namespace, call.name, container=container, command=command, stdin=stdin, tty=call.params.flag("tty")
            )
        except (LookupError, RuntimeError, OSError) as error:
            await _report(channel, {key: item for key, item in _internal(error, command).items() if key not in _UNTYPED})
            return
        await _Session(channel, process, stdin=stdin, wanted=wanted).run()

    return Upgrade(protocol, serve)


def _internal(error: Exception, command: tuple[str, ...]) -> Json:
    if isinstance(error, FileNotFoundError):
        text = f'error executing command in container: exec: "{command[0]}": executable file not found in $PATH'
    else:
        text = f"error executing command in container: {error.args[0] if error.args else error}"
    return Failure(500, "InternalError", f"Internal error occurred: {text}", details={"causes": [{"message": text}]}).status()


def exit_status(code: int) -> Json:
    """The Status of an exit code."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


async def _report(channel: ServerChannel, status: Json) -> None:
    await channel.send(bytes([STATUS]) + msgspec.json.encode(status))


class _Session:
    """One running exec."""

    def __init__(self, channel: ServerChannel, process: Process, *, stdin: bool, wanted: frozenset[int]) -> None:
        self._wanted = wanted
        self._channel = channel
        self._process = process
        self._stdin = stdin
        self._finished = False

    async def run(self) -> None:
        """Pump until the process ended or the client is gone."""
        feeder = asyncio.get_running_loop().create_task(self._feed())
        try:
            while (piece := await self._process.read()) is not None:
                number, data = piece
                if number in self._wanted:
                    await self._channel.send(bytes([number]) + data)
            code = await self._process.wait()
            self._finished = True
            await _report(self._channel, exit_status(code))
        finally:
            if not self._finished:
                self._process.kill()
            feeder.cancel()

    async def _feed(self) -> None:
        while (frame := await self._channel.receive()) is not None:
            if not frame:
                continue
            if frame[0] == STDIN and self._stdin and len(frame) > 1:
                await self._write(frame[1:])
            elif frame[0] == CLOSE and frame[1:2] == bytes([STDIN]):
                await self._process.close_stdin()
        if not self._finished:
            self._process.kill()

    async def _write(self, data: bytes) -> None:
        try:
            await self._process.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self._stdin = False  # the process closed its end; what still comes is dropped, as under containerd
