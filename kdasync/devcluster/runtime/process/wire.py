"""What the runtime asks of the node process, and how it travels: one datagram a message, on a Unix SEQPACKET socket.

A request may be larger than a datagram (Secrets, environments), so its body is written into a memory file whose descriptor is
the datagram's first; the descriptors of standard streams follow. An answer is small and is the datagram itself.
"""

from __future__ import annotations

import os
import socket

import msgspec

_LIMIT = 65536
_DESCRIPTORS = 8


class Bind(msgspec.Struct, frozen=True, array_like=True):
    """One mount of a container, resolved: `kind` is volume, memory or files."""

    path: str
    kind: str
    source: str = ""
    sub_path: str = ""
    read_only: bool = False
    size: int = 0
    files: dict[str, bytes] = {}


class RootSpec(msgspec.Struct, frozen=True):
    """The root file system: `layers` from top to bottom, over the machine's own software if `host`."""

    layers: tuple[str, ...]
    host: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    etc: dict[str, str] = {}


class Program(msgspec.Struct, frozen=True):
    """What to execute. `user` and `group` are numeric; descriptors 0, 1, 2 come with the message."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str = "/"
    user: int = 0
    group: int = 0
    tty: bool = False


class Request(msgspec.Struct, frozen=True, tag=True):
    """`number` names the answer."""

    number: int


class AddSandbox(Request, frozen=True):
    """Network, host name and IPC of a pod; answers with its address."""

    sandbox: str
    hostname: str


class DropSandbox(Request, frozen=True):
    """End every process of a pod; answers when they are gone."""

    sandbox: str


class StartContainer(Request, frozen=True):
    """Fork PID 1 of a new PID namespace and the program below it; answers once the program is executed."""

    sandbox: str
    container: str
    root: RootSpec
    program: Program


class StartExec(Request, frozen=True):
    """Execute a program inside a running container."""

    container: str
    key: str
    program: Program


class Kill(Request, frozen=True):
    """Send a signal to a container's main process (PID 1 forwards it; SIGKILL ends all) or to an exec."""

    key: str
    signal: int


class OpenSocket(Request, frozen=True):
    """A TCP socket inside a pod's network; answers with its descriptor."""

    sandbox: str


class Publish(Request, frozen=True):
    """Replace the DNS names."""

    names: dict[str, tuple[str, ...]]


AnyRequest = AddSandbox | DropSandbox | StartContainer | StartExec | Kill | OpenSocket | Publish


class Answer(msgspec.Struct, frozen=True, tag=True):
    """To request `number`. `failure` is empty, or `missing` (executable), `gone` (not running) or `refused`."""

    number: int
    failure: str = ""
    text: str = ""


class Exited(msgspec.Struct, frozen=True, tag=True):
    """A container or exec ended with `code` (128 + signal if killed)."""

    key: str
    code: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The node serves, or `problem` says why it cannot."""

    problem: str = ""


AnyNotice = Answer | Exited | Ready

_request = msgspec.msgpack.Decoder(AnyRequest)
_notice = msgspec.msgpack.Decoder(AnyNotice)


def send_request(sock: socket.socket, request: AnyRequest, descriptors: tuple[int, ...] = ()) -> None:
    """Send; the descriptors stay the caller's to close. Raises BlockingIOError if the socket is full."""
    body = os.memfd_create("request")
    try:
        os.write(body, msgspec.msgpack.encode(request))
        socket.send_fds(sock, [b"."], [body, *descriptors])
    finally:
        os.close(body)


def receive_request(sock: socket.socket) -> tuple[AnyRequest, list[int]] | None:
    """The next request and the descriptors that came with it (the receiver's to close), or None at the end."""
    data, descriptors, _, _ = socket.recv_fds(sock, 1, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    if not data:
        return None
    with os.fdopen(descriptors.pop(0), "rb") as body:
        body.seek(0)
        return _request.decode(body.read()), descriptors


def send_notice(sock: socket.socket, notice: AnyNotice, descriptors: tuple[int, ...] = ()) -> None:
    """Send an answer or an event."""
    socket.send_fds(sock, [msgspec.msgpack.encode(notice)], list(descriptors))


def receive_notice(sock: socket.socket) -> tuple[AnyNotice, list[int]] | None:
    """The next answer or event, or None at the end. Raises BlockingIOError if there is none yet."""
    data, descriptors, _, _ = socket.recv_fds(sock, _LIMIT, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    return (_notice.decode(data), descriptors) if data else None
