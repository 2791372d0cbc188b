"""The seam between the API server and the node: the door to running pods.

Why: exec, log and port-forward are streams between a client and a container; the API server only speaks the protocol, the node
knows the containers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from kdasync.devcluster.runtime.protocol import Process


class PodAccess(Protocol):
    """What a node offers for its pods.

    Every method raises LookupError (text: a sentence) if the pod or container is not there or not running, and FileNotFoundError
    if the executable of an exec is missing.
    """

    async def exec(self, namespace: str, pod: str, *, container: str, command: tuple[str, ...], stdin: bool, tty: bool) -> Process:
        """Start a process in a container. An empty `container` means the only or default one."""
        ...

    async def log(self, namespace: str, pod: str, *, container: str, previous: bool = False) -> bytes:
        """What the container wrote so far."""
        ...

    def follow(self, namespace: str, pod: str, *, container: str) -> AsyncIterator[bytes]:
        """What the container writes from now on, until it ends."""
        ...

    async def connect(self, namespace: str, pod: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a port of the pod. Raises OSError if nothing listens."""
        ...
