"""Starts the node in its namespaces and cleans up after it: `python -m kdasync.devcluster.runtime.process.guardian FD STATE NETWORK`.

Flow: lock the state folder, sweep what a killed predecessor left there, enter new user, mount, network, PID, host name and IPC
namespaces, fork the node as PID 1, wait, remove the state folder.

Guarantees: the node gets SIGKILL if this process dies. A problem is told over the socket as one sentence with a remedy.
Assumptions: run in a session of its own, so that a Ctrl-C reaches the caller only, who then ends the socket.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import signal
import socket
import sys
from pathlib import Path

from kdasync.devcluster.runtime.process import root, syscalls, wire
from kdasync.devcluster.runtime.process.node import Node
from kdasync.devcluster.runtime.process.sweep import sweep

_NAMESPACES = syscalls.NEWNS | syscalls.NEWNET | syscalls.NEWPID | syscalls.NEWUTS | syscalls.NEWIPC
_OLDEST = (5, 12)
_SWITCHES = {
    "kernel/apparmor_restrict_unprivileged_userns": "1",
    "kernel/unprivileged_userns_clone": "0",
    "user/max_user_namespaces": "0",
}


def remedy(sysctl: Path = Path("/proc/sys"), *, release: str | None = None) -> str:
    """What forbids user namespaces here, and what the user can do."""
    major, minor = (release or os.uname().release).split(".")[:2]
    if (int(major), int(re.sub(r"\D.*", "", minor))) < _OLDEST:
        return "Use Linux 5.12 or newer."
    for name, bad in _SWITCHES.items():
        path = sysctl / name
        if path.exists() and path.read_text().strip() == bad:
            good = {"1": "0", "0": "1"}[bad] if not name.startswith("user/") else "10000"
            return f"Run 'sudo sysctl -w {name.replace('/', '.')}={good}', or start as root."
    return "Start as root; inside a container, start that container as privileged."


def _maps() -> tuple[str, str]:
    """Contents of uid_map and gid_map: everything that root has, or the one id of an ordinary user."""
    if os.geteuid():
        return f"0 {os.geteuid()} 1", f"0 {os.getegid()} 1"
    return _identity("uid"), _identity("gid")


def _identity(kind: str) -> str:
    lines = Path(f"/proc/self/{kind}_map").read_text().split("\n")
    return "\n".join(f"{words[0]} {words[0]} {words[2]}" for line in lines if (words := line.split()))


def enter() -> None:
    """Enter the namespaces.

    A helper that stays outside writes the id maps, because only a process of the outer namespace may map more than itself.

    Raises:
        OSError: the machine forbids it.
    """
    users, groups = _maps()
    target = f"/proc/{os.getpid()}"
    reader, writer = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(writer)
        os._exit(_write_maps(target, users, groups) if os.read(reader, 1) else 0)
    try:
        syscalls.unshare(syscalls.NEWUSER)
        os.write(writer, b".")
    finally:
        os.close(reader)
        os.close(writer)
        code = os.waitstatus_to_exitcode(os.waitpid(helper, 0)[1])
    if code:
        raise OSError(code, f"user namespace map: {os.strerror(code)}")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    syscalls.unshare(_NAMESPACES)
    syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)


def _write_maps(target: str, users: str, groups: str) -> int:
    try:
        if os.geteuid():
            Path(target, "setgroups").write_text("deny")
        Path(target, "uid_map").write_text(users)
        Path(target, "gid_map").write_text(groups)
    except OSError as error:
        return error.errno or 1
    return 0


def prepare_layers(state: Path) -> None:
    """Make the folder of the containers' upper layers: on the state's disk, or in memory where that disk cannot hold them.

    Raises:
        OSError: overlay does not work here at all.
    """
    containers = state / "containers"
    try:
        _try_overlay(containers)
    except OSError:
        syscalls.mount("tmpfs", str(containers), kind="tmpfs", options="mode=755")
        _try_overlay(containers)


def release_layers(state: Path) -> None:
    """Unmount what `prepare_layers` may have mounted."""
    if (state / "containers").is_mount():
        syscalls.unmount(str(state / "containers"))


def _try_overlay(containers: Path) -> None:
    trial = containers / "trial"
    for name in ("lower", "upper", "work", "root"):
        (trial / name).mkdir(parents=True, exist_ok=True)
    options = root.overlay_options([str(trial / "lower")], upper=trial / "upper", work=trial / "work")
    syscalls.mount("overlay", str(trial / "root"), kind="overlay", options=options)
    syscalls.read_only(str(trial / "root"))
    syscalls.unmount(str(trial / "root"))
    sweep(trial)


def _claim(state: Path) -> None:
    """Lock the state folder and empty it.

    Raises:
        OSError: another devcluster uses it.
    """
    state.mkdir(parents=True, exist_ok=True)
    lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(f"{state} is in use by another devcluster. Give this one another state folder.") from error
    for left in state.iterdir():
        if left.name != "lock":
            sweep(left)
    for name in ("containers", "volumes"):
        (state / name).mkdir()


def main(sock: socket.socket, *, state: Path, network: ipaddress.IPv4Network) -> None:
    """Run until the node ends."""
    try:
        _claim(state)
    except OSError as error:
        wire.send_notice(sock, wire.Ready(str(error)))
        return
    try:
        enter()
        prepare_layers(state)
    except OSError as error:
        wire.send_notice(sock, wire.Ready(f"This machine does not let kdasync make namespaces ({error}). {remedy()}"))
    else:
        _run(sock, state=state, network=network)
        release_layers(state)
    sweep(state)


def _run(sock: socket.socket, *, state: Path, network: ipaddress.IPv4Network) -> None:
    pid = os.fork()
    if pid:
        sock.close()
        os.waitpid(pid, 0)
        return
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        syscalls.set_name("kdasync-node")
        _serve(Node(sock, state=state, network=network), sock)
    finally:
        os._exit(0)


def _serve(node: Node, sock: socket.socket) -> None:
    try:
        node.open()
    except OSError as error:
        wire.send_notice(sock, wire.Ready(f"The pod network cannot be made ({error}). Run 'sudo modprobe -a bridge veth'."))
    else:
        node.serve()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), state=Path(sys.argv[2]), network=ipaddress.IPv4Network(sys.argv[3]))
