"""Commands inside containers over `v5.channel.k8s.io`, with stdin that ends and an exit code that arrives.

Flow: upgrade to a WebSocket; frames are one channel byte and data: 0 stdin, 1 stdout, 2 stderr, 3 the final Status; `FF 00` ends stdin.

Guarantees: an `ExecProcess` yields output as bytes, in the order of arrival, and then an exit code, or raises ExecError; leaving the
context cuts the connection, which the runtime answers by closing the command's pipes, not by killing it.

Assumptions: Kubernetes 1.30 or later (older servers do not translate the end of stdin). Output caps and time limits are the caller's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from kdasync.errors import ApiError, ExecError, Forbidden, TransportError, Unauthorized
from kdasync.kube.client import Client
from kdasync.kube.resource import PODS
from kdasync.kube.status import failure
from kdasync.kube.transport import Channel, ChannelRefused, Request
from kdasync.kube.wire import Status

PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
_END_OF_STDIN = bytes((255, STDIN))
_FRAME = 32 * 1024  # bytes of stdin a frame: what kubectl sends, and every proxy passes
_NOT_FOUND = 404
_NO_COMMAND = ("executable file not found", "no such file or directory", "exec format error", "permission denied")
_NO_CONTAINER = ("container not found", "is not valid for pod", "not found in pod", "must be running", "is not running")


def _reason(message: str) -> str:
    """What a runtime means, which it says only in words."""
    text = message.lower()
    if any(words in text for words in _NO_CONTAINER):
        return "ContainerNotFound"
    return "CommandNotFound" if any(words in text for words in _NO_COMMAND) else "Internal"


def exit_code(status: Status) -> int:
    """The exit code in a channel's Status.

    Raises:
        ExecError: the command did not run.
    """
    if status.status == "Success":
        return 0
    causes = (status.details.causes if status.details else None) or []
    for cause in causes:
        if cause.reason == "ExitCode" and cause.message.isdigit():
            return int(cause.message)
    raise ExecError(_reason(status.message), status.message or "The command failed without a reason.")


def refusal(error: ApiError) -> ExecError | ApiError:
    """What a refused upgrade means. Forbidden and Unauthorized stay themselves: repeating does not help, an administrator does."""
    if isinstance(error, (Forbidden, Unauthorized)):
        return error
    reason = _reason(error.message)
    if reason != "ContainerNotFound":
        reason = "NotFound" if error.code == _NOT_FOUND else "Internal"
    return ExecError(reason, error.message)


class ExecProcess:
    """A running command."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.exit_code: int | None = None

    async def write(self, data: bytes) -> None:
        """Send to stdin. Raises ExecError `Cut`."""
        view = memoryview(data)
        for start in range(0, len(view), _FRAME):
            await self._send(b"\0" + view[start : start + _FRAME])

    async def close_stdin(self) -> None:
        """End stdin. Raises ExecError `Cut`."""
        await self._send(_END_OF_STDIN)

    async def _send(self, frame: bytes) -> None:
        try:
            await self._channel.send(frame)
        except TransportError as error:
            raise ExecError("Cut", str(error)) from error

    async def read(self) -> tuple[int, bytes] | None:
        """The next (STDOUT or STDERR, bytes), or None once the command ended; then `exit_code` is set.

        Raises:
            ExecError: the command could not run, or the connection was cut before its end was known.
        """
        while self.exit_code is None:
            frame = await self._receive()
            if frame[0] == STATUS:
                self._finish(frame[1:])
            elif frame[0] in (STDOUT, STDERR) and len(frame) > 1:
                return frame[0], frame[1:]
        return None

    async def _receive(self) -> bytes:
        try:
            frame = await self._channel.receive()
        except TransportError as error:
            raise ExecError("Cut", str(error)) from error
        if frame is None:
            raise ExecError("Cut", "The connection was closed before the command's end was known.")
        return frame or b"\0"

    def _finish(self, body: bytes) -> None:
        try:
            self.exit_code = exit_code(msgspec.json.decode(body, type=Status))
        except msgspec.DecodeError as error:
            raise ExecError("Internal", f"The exit status is unreadable: {error}") from error

    def __aiter__(self) -> ExecProcess:
        return self

    async def __anext__(self) -> tuple[int, bytes]:
        piece = await self.read()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def wait(self) -> int:
        """Discard the remaining output; the exit code. Raises ExecError as `read` does."""
        while await self.read() is not None:
            pass
        return self.exit_code or 0


@asynccontextmanager
async def exec_(
    client: Client,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    stdin: bool = False,
) -> AsyncIterator[ExecProcess]:
    """Run `command` in a container.

    Raises:
        ExecError: see its reasons.
        Forbidden, Unauthorized: the operator may not exec there.
        LeaseLost: this process may not act.
    """
    client.check_fence()
    flags = (("container", container), ("stdin", str(stdin).lower()), ("stdout", "true"), ("stderr", "true"))
    request = Request("GET", PODS.path(namespace, pod, "exec"), (*flags, *(("command", word) for word in command)))
    async with AsyncExitStack() as stack:
        yield await _open(stack, client, request)


async def _open(stack: AsyncExitStack, client: Client, request: Request) -> ExecProcess:
    entered = stack.enter_async_context(client.transport.channel(request, connect_timeout=client.settings.connect_timeout))
    try:
        channel = await client.opened("exec", PODS.kind, _channel(entered))
    except ApiError as error:
        raise refusal(error) from error
    except TransportError as error:
        raise ExecError("Cut", str(error)) from error
    if channel.protocol != PROTOCOL:
        raise ExecError(
            "Internal", f"The server speaks {channel.protocol or 'no protocol'}, not {PROTOCOL}. Use Kubernetes 1.30 or later."
        )
    return ExecProcess(channel)


async def _channel(opening: Awaitable[Channel]) -> Channel:
    try:
        return await opening
    except ChannelRefused as refused:
        raise failure(refused.response) from refused
