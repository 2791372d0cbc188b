"""Commands and checks the node runs in a container by itself: lifecycle hooks and probes' attempts.

Guarantees: nothing raises but cancellation; a check that cannot be made has failed. Source: core/v1 Lifecycle, Probe.
"""

from __future__ import annotations

import asyncio

import msgspec

from kdasync.devcluster.node.lookup import Document
from kdasync.devcluster.runtime.protocol import Container, Process, Sandbox

_OK = range(200, 400)
_SHOWN = 1024


class Outcome(msgspec.Struct, frozen=True):
    """Whether it succeeded, and what to tell if not."""

    succeeded: bool
    message: str = ""


async def run_hook(hook: Document, definition: Document, *, container: Container, sandbox: Sandbox) -> Outcome:
    """One exec, httpGet, tcpSocket or sleep handler. Source: core/v1 LifecycleHandler, ProbeHandler."""
    try:
        if "exec" in hook:
            return await _exec(tuple(hook["exec"]["command"]), container)
        if "sleep" in hook:
            await asyncio.sleep(hook["sleep"]["seconds"])
            return Outcome(True)
        if "httpGet" in hook:
            return await _http(hook["httpGet"], definition, sandbox)
        if "tcpSocket" in hook:
            return await _tcp(_port(hook["tcpSocket"]["port"], definition), sandbox)
    except (OSError, RuntimeError, EOFError) as error:
        return Outcome(False, str(error))
    return Outcome(False, "devcluster has no gRPC probes. Use exec, httpGet or tcpSocket.")


async def _exec(command: tuple[str, ...], container: Container) -> Outcome:
    process = await container.exec(command, stdin=False, tty=False)
    try:
        output = await _drain(process)
        code = await process.wait()
    except BaseException:
        process.kill()
        raise
    text = output.decode(errors="replace").strip()
    return Outcome(code == 0, "" if code == 0 else f"command '{' '.join(command)}' exited with {code}: {text}")


async def _drain(process: Process) -> bytes:
    """The first output of a process that nobody listens to; the rest is read and dropped."""
    kept = b""
    while (piece := await process.read()) is not None:
        kept = (kept + piece[1])[:_SHOWN]
    return kept


def _port(port: int | str, definition: Document) -> int:
    """The number of a port that may be named."""
    if isinstance(port, int):
        return port
    named = {each.get("name"): each["containerPort"] for each in definition.get("ports") or ()}
    return int(named.get(port, port))


async def _connect(port: int, sandbox: Sandbox) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await sandbox.connect(port)
    if not isinstance(reader, asyncio.StreamReader) or not isinstance(writer, asyncio.StreamWriter):
        raise TypeError("a runtime's connect must return a StreamReader and a StreamWriter")
    return reader, writer


async def _tcp(port: int, sandbox: Sandbox) -> Outcome:
    _, writer = await _connect(port, sandbox)
    writer.close()
    return Outcome(True)


async def _http(get: Document, definition: Document, sandbox: Sandbox) -> Outcome:
    reader, writer = await _connect(_port(get["port"], definition), sandbox)
    try:
        host = get.get("host") or sandbox.ip
        writer.write(
            f"GET {get.get('path') or '/'} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: kube-probe\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        line = (await reader.readline()).decode(errors="replace").split()
    finally:
        writer.close()
    code = int(line[1]) if len(line) > 1 and line[1].isdigit() else 0
    return Outcome(code in _OK, f"HTTP probe failed with statuscode: {code}")
