"""Where everything of one real cluster lies, and its addresses: the one thing that the processes outside and inside its namespaces share.

One folder per cluster under the cache folder holds all of it; what a cluster changes elsewhere goes with its namespaces.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

CACHE = "KDASYNC_REALCLUSTER_CACHE"
API_PORT = 6443
NODE = "node-1"
SERVICES = "10.96.0.0/16"
DNS_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that outlives clusters: tools, images."""
    return Path(environ.get(CACHE, "~/.cache/kdasync/realcluster")).expanduser()


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster.

    Attributes:
        name: of the cluster; its folder is `cache/run/name`.
        network: third number of its addresses, 10.99.network.x.
        cache: see `cache_folder`.
        fake_nodes: nodes played by kwok.
        real_node: whether containers run.
    """

    name: str
    network: int
    cache: str
    fake_nodes: int = 0
    real_node: bool = True

    @property
    def folder(self) -> Path:
        """All files of this cluster."""
        return Path(self.cache, "run", self.name)

    @property
    def tools(self) -> Path:
        """The built programs."""
        return Path(self.cache, "bin")

    @property
    def address(self) -> str:
        """The node's address, reachable from the host through a veth pair."""
        return f"10.99.{self.network}.1"

    @property
    def gateway(self) -> str:
        """The host's end of the pair."""
        return f"10.99.{self.network}.254"

    @property
    def link(self) -> str:
        """The host's interface."""
        return f"kdr{self.network}"

    @property
    def pods(self) -> str:
        """Addresses of pods; routed only inside."""
        return "10.244.0.0/20"

    @property
    def cgroup(self) -> str:
        """Parent of all containers' control groups."""
        return f"/kdasync-real-{self.name}"

    def path(self, *parts: str) -> Path:
        """A file or folder of this cluster."""
        return self.folder.joinpath(*parts)

    def tool(self, name: str) -> str:
        """A built program."""
        return str(self.tools / name)

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of one of `users.USERS`."""
        return self.path("kubeconfig", user)

    @property
    def containerd(self) -> str:
        """The socket of the container runtime, inside only."""
        return str(self.path("containerd.sock"))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the first process inside tells the outside.

    Attributes:
        phase: starting, ready or failed.
        message: why it failed, or what it waits for.
        seconds: from start to this state.
        programs: name -> pid inside.
    """

    phase: str
    message: str = ""
    seconds: float = 0
    programs: dict[str, int] = {}


def write(path: Path, value: msgspec.Struct) -> None:
    """Replace a file at once, so that a reader sees the old or the new one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(msgspec.json.encode(value))
    partial.replace(path)
