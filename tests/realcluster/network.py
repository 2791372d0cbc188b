"""The pair of interfaces by which the host reaches the cluster: one end in the cluster's namespace, gone with it."""

from __future__ import annotations

import socket
import subprocess
import time

from realcluster.layout import SERVICES, Layout

_INSIDE = "eth0"
_NETWORKS = range(64, 128)


def free_network() -> int:
    """A number that no cluster on this machine uses."""
    used = {name for _, name in socket.if_nameindex()}
    return next(number for number in _NETWORKS if f"kdr{number}" not in used)


def join(layout: Layout, pid: int) -> None:
    """Outside: make the pair and give one end to the namespace of `pid`."""
    _ip("link", "add", layout.link, "type", "veth", "peer", "name", _INSIDE, "netns", str(pid))
    _ip("address", "add", f"{layout.gateway}/24", "dev", layout.link)
    _ip("link", "set", layout.link, "up")


def configure(layout: Layout, *, timeout: float) -> None:
    """Inside: wait for the pair's end and set it up.

    Raises:
        RuntimeError: nobody made the pair.
    """
    _ip("link", "set", "lo", "up")
    deadline = time.monotonic() + timeout
    while _INSIDE not in {name for _, name in socket.if_nameindex()}:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no interface came from outside within {timeout:g} s")
        time.sleep(0.01)
    _ip("address", "add", f"{layout.address}/24", "dev", _INSIDE)
    _ip("link", "set", _INSIDE, "up")
    # DNAT of service addresses needs a route; there is no default one, so that nothing from here ever leaves the machine.
    _ip("route", "add", SERVICES, "via", layout.gateway)


def remove(layout: Layout) -> None:
    """Outside: remove what a namespace that never came up left."""
    if layout.link in {name for _, name in socket.if_nameindex()}:
        _ip("link", "delete", layout.link)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
