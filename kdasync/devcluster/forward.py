"""Port-forward over a WebSocket: for the i-th `ports` parameter, channel 2i carries data and 2i+1 an error text.

Guarantees: both channels of a port start with a frame that holds the port as two little-endian bytes, as kubelet's WebSocket
protocol has it. Source: kubernetes `pkg/kubelet/.../portforward/websocket.go`.
"""

from __future__ import annotations

import asyncio
import struct

from kdasync.devcluster.answers import Answer, ServerChannel, Upgrade
from kdasync.devcluster.execute import V4, V5, negotiated
from kdasync.devcluster.nodes import PodAccess
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import bad_request

CHUNK = 32 * 1024


def start(call: Call) -> Answer:
    """Upgrade.

    Raises:
        Failure: 400 without a port.
    """
    texts = [part for value in call.params.all("ports") for part in value.split(",")]
    if not texts or not all(text.isdigit() for text in texts):
        raise bad_request('query parameter "ports" is required and must list port numbers')
    protocol = negotiated(call, (V5, V4, "portforward.k8s.io"))
    access = call.plane.access
    assert access is not None  # noqa: S101 - the caller looked
    ports = tuple(int(text) for text in texts)

    async def serve(channel: ServerChannel) -> None:
        await _Session(channel, access, call.namespace, call.name).run(ports)

    return Upgrade(protocol, serve)


class _Session:
    def __init__(self, channel: ServerChannel, access: PodAccess, namespace: str, pod: str) -> None:
        self._channel = channel
        self._access = access
        self._pod = (namespace, pod)
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def run(self, ports: tuple[int, ...]) -> None:
        """Pump until the client is gone."""
        tasks = []
        for index, port in enumerate(ports):
            for number in (2 * index, 2 * index + 1):
                await self._channel.send(bytes([number]) + struct.pack("<H", port))
            reader = await self._connect(2 * index, port)
            if reader is not None:
                tasks.append(asyncio.get_running_loop().create_task(self._pump(2 * index, reader)))
        try:
            await self._feed()
        finally:
            for task in tasks:
                task.cancel()
            for writer in self._writers.values():
                writer.close()

    async def _connect(self, number: int, port: int) -> asyncio.StreamReader | None:
        try:
            reader, writer = await self._access.connect(*self._pod, port)
        except (OSError, LookupError, RuntimeError) as error:
            text = f"error forwarding port {port} to pod {self._pod[1]}: {error}"
            await self._channel.send(bytes([number + 1]) + text.encode())
            return None
        self._writers[number] = writer
        return reader

    async def _pump(self, number: int, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK):
            await self._channel.send(bytes([number]) + data)

    async def _feed(self) -> None:
        while (frame := await self._channel.receive()) is not None:
            writer = self._writers.get(frame[0]) if frame else None
            if writer is not None and len(frame) > 1:
                writer.write(frame[1:])
                await writer.drain()
