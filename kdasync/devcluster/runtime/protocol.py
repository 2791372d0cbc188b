"""The seam between devcluster's node (which plays the kubelet) and a pod runtime (which plays the container runtime).

Guarantees of every implementation: a container id is never reused; `remove` ends every process of the sandbox; nothing is left
behind (process, mount, namespace, folder) after `close`, also after a crash of the whole program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A mount of a container.

    `source` is the key of a volume directory that the runtime keeps; with `memory` it is a tmpfs; `files` is the content of a
    Secret or ConfigMap volume (name -> bytes).
    """

    path: str
    source: str = ""
    memory: bool = False
    read_only: bool = False
    sub_path: str = ""
    size: int = 0
    files: Mapping[str, bytes] | None = None


class ContainerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One container to start. Empty `command` and `args`: what the image says."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    working_dir: str = ""
    run_as_user: int | None = None
    mounts: tuple[Mount, ...] = ()
    memory_limit: int = 0
    stdin: bool = False
    tty: bool = False


class SandboxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One pod: its identity, host name, and DNS search domains (`<ns>.svc.cluster.local` first)."""

    uid: str
    namespace: str
    name: str
    hostname: str
    search: tuple[str, ...] = ()


class Process(Protocol):
    """A running exec: bytes in, bytes out, exit code."""

    async def write(self, data: bytes) -> None:
        """To stdin."""
        ...

    async def close_stdin(self) -> None:
        """End of file on stdin."""
        ...

    async def read(self) -> tuple[int, bytes] | None:
        """Next (1 = stdout or 2 = stderr, bytes), or None after both ended."""
        ...

    async def wait(self) -> int:
        """Exit code, 128 + signal if killed."""
        ...

    def kill(self) -> None:
        """SIGKILL the exec's own process (its detached children live on, as under containerd)."""
        ...


class Container(Protocol):
    """A started container. `id` has the runtime prefix, e.g. `kdasync://<64 hex>`."""

    @property
    def id(self) -> str:
        """Container id."""
        ...

    async def wait(self) -> int:
        """Exit code of its main process, 128 + signal if killed."""
        ...

    async def exec(self, command: tuple[str, ...], *, stdin: bool, tty: bool) -> Process:
        """Start a process inside. Raises FileNotFoundError if the executable is missing, RuntimeError if it is not running."""
        ...

    def log(self) -> bytes:
        """What its main process wrote (bounded, the newest)."""
        ...

    async def stop(self, *, grace: float) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; ends every process of the container."""
        ...


class Sandbox(Protocol):
    """A pod's shared part."""

    @property
    def ip(self) -> str:
        """Its address."""
        ...

    async def start(self, spec: ContainerSpec) -> Container:
        """Start a container. Raises FileNotFoundError for an unknown image, OSError or RuntimeError with a sentence otherwise."""
        ...

    async def connect(self, port: int) -> tuple[object, object]:
        """(asyncio.StreamReader, asyncio.StreamWriter) to a port inside, for port-forward."""
        ...

    async def remove(self) -> None:
        """End everything."""
        ...


class Runtime(Protocol):
    """A pod runtime."""

    async def start(self) -> None:
        """Make it ready. Raises RuntimeError with a sentence and a remedy if the machine cannot do it."""
        ...

    async def sandbox(self, spec: SandboxSpec) -> Sandbox:
        """Create a pod's sandbox and give it an address."""
        ...

    async def publish(self, names: Mapping[str, tuple[str, ...]]) -> None:
        """DNS: fully qualified name -> addresses (pods of headless services, services). Replaces what was published before."""
        ...

    async def delete_volume(self, source: str) -> None:
        """Forget a volume directory (its claim is gone)."""
        ...

    async def close(self) -> None:
        """End everything."""
        ...
