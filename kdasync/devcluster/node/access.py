"""The door to running pods: exec, logs and ports, for the API server. Implements `nodes.PodAccess`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from kdasync.devcluster.node.container_task import ContainerTask
from kdasync.devcluster.node.node import Node
from kdasync.devcluster.runtime.protocol import Process

_DEFAULT = "kubectl.kubernetes.io/default-container"
_LOOK = 0.2  # seconds between two looks at a log that is followed


class Access:
    """The pods of one node.

    Attributes:
        node: the node.
    """

    def __init__(self, node: Node) -> None:
        self.node = node

    async def exec(self, namespace: str, pod: str, *, container: str, command: tuple[str, ...], stdin: bool, tty: bool) -> Process:
        """Start a process.

        Raises:
            LookupError: the container is not there or not running.
            FileNotFoundError: no such executable.
        """
        current = self._task(namespace, pod, container).running()
        try:
            return await current.exec(command, stdin=stdin, tty=tty)
        except RuntimeError as error:
            raise LookupError(str(error)) from error

    async def log(self, namespace: str, pod: str, *, container: str, previous: bool = False) -> bytes:
        """What a container wrote.

        Raises:
            LookupError: it was not started, or there is no previous one.
        """
        task = self._task(namespace, pod, container)
        found = task.previous if previous else task.current
        if found is None:
            kind = "previous terminated container" if previous else "container"
            raise LookupError(f'{kind} "{task.record.name}" in pod "{pod}" not found')
        return found.log()

    async def follow(self, namespace: str, pod: str, *, container: str) -> AsyncIterator[bytes]:
        """What a container writes from now on, until it ends.

        Raises:
            LookupError: it is not running.
        """
        current = self._task(namespace, pod, container).running()
        seen = current.log()
        ended = asyncio.create_task(current.wait())
        try:
            while True:
                last = ended.done()
                text = current.log()
                fresh = _fresh(seen, text)
                seen = text
                if fresh:
                    yield fresh
                if last:
                    return
                await asyncio.sleep(_LOOK)
        finally:
            ended.cancel()

    async def connect(self, namespace: str, pod: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a port.

        Raises:
            LookupError: the pod is not running.
            OSError: nothing listens.
        """
        sandbox = self.node.task(namespace, pod).sandbox
        if sandbox is None:
            raise LookupError(f"pod {namespace}/{pod} is not running yet")
        reader, writer = await sandbox.connect(port)
        if not isinstance(reader, asyncio.StreamReader) or not isinstance(writer, asyncio.StreamWriter):
            raise TypeError("a runtime's connect must return a StreamReader and a StreamWriter")
        return reader, writer

    def _task(self, namespace: str, pod: str, container: str) -> ContainerTask:
        task = self.node.task(namespace, pod)
        document = task.record.document
        default = (document["metadata"].get("annotations") or {}).get(_DEFAULT)
        return task.container(container or default or document["spec"]["containers"][0]["name"])


def _fresh(seen: bytes, text: bytes) -> bytes:
    """What is new in a log whose oldest part may have been dropped."""
    if text.startswith(seen):
        return text[len(seen) :]
    tail = seen[-256:]
    at = text.rfind(tail)
    return text[at + len(tail) :] if at >= 0 else text
