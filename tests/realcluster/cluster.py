"""A whole Kubernetes as a value: `start` it, use its kubeconfig, `stop` it.

Flow: builds tools and images if needed, writes certificates, tokens and configuration, starts the first process in fresh mount, PID and
network namespaces (`inside.py`), gives it one end of a veth pair, waits for its `state.json`. Guarantees: `stop` ends every process,
mount, interface and namespace of the cluster and removes its folder; if this process is killed, the kernel and the first process do
the same except for the folder, which the next `start` of that name removes.
Assumptions: root, iproute2, util-linux, and for the node containerd, runc and the CNI plugins of Debian.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from realcluster import build, certs, configs, images, mounts, network, users
from realcluster.layout import Layout, State, cache_folder, write

_STARTING = 300.0
_STOPPING = 30.0
_PROGRAMS = ("ip", "unshare", "nsenter", "mount")
_NODE_PROGRAMS = ("containerd", "ctr", "runc", "iptables", "conntrack", "debootstrap", "busybox")
_SBIN = "/usr/sbin:/sbin"
PACKAGES = "containerd runc containernetworking-plugins iptables conntrack busybox-static debootstrap iproute2 util-linux"


class Process(msgspec.Struct, frozen=True):
    """A process that is not confused with a later one of the same number."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The running process. Raises OSError if there is none."""
        return cls(pid, _started(pid))

    def alive(self) -> bool:
        """Whether it still runs."""
        try:
            return _started(self.pid) == self.started
        except OSError:
            return False


def _started(pid: int) -> str:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        raise ProcessLookupError(pid)
    return fields[19]


class Cluster:
    """A running cluster.

    Args:
        layout: where it is.
        first: its first process.
        parent: what waits for that process and holds its lifeline, if this process started it.
    """

    def __init__(self, layout: Layout, first: Process, parent: subprocess.Popen[bytes] | None = None) -> None:
        self.layout = layout
        self.first = first
        self._parent = parent

    def kubeconfig(self, user: str = "admin") -> Path:
        """The kubeconfig of a user, good on this machine."""
        return self.layout.kubeconfig(user)

    @property
    def audit_log(self) -> Path:
        """One JSON object a line for each finished request."""
        return self.layout.path("audit.log")

    def state(self) -> State:
        """What the cluster says of itself."""
        path = self.layout.path("state.json")
        return msgspec.json.decode(path.read_bytes(), type=State) if path.exists() else State(phase="starting")

    def wait(self, *, timeout: float = _STARTING) -> None:
        """Return when it is ready.

        Raises:
            RuntimeError: it failed; says why.
        """
        deadline = time.monotonic() + timeout
        while (state := self.state()).phase != "ready":
            if state.phase == "failed" or not self.first.alive():
                raise RuntimeError(f"The cluster did not start: {state.message or self._words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"The cluster is not ready after {timeout:g} s: {state.message}")
            time.sleep(0.05)

    def enter(self, *command: str) -> list[str]:
        """A command line that runs `command` in the cluster's namespaces."""
        return ["nsenter", f"--target={self.first.pid}", "--net", "--mount", "--pid", "--", *command]

    def stop(self) -> None:
        """End it and remove its folder.

        Raises:
            RuntimeError: it does not end.
        """
        if self.first.alive():
            os.kill(self.first.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOPPING
        while self.first.alive():
            if time.monotonic() > deadline:
                os.kill(self.first.pid, signal.SIGKILL)  # the kernel ends its namespaces with it
                deadline += _STOPPING
            time.sleep(0.02)
        if self._parent is not None:
            self._parent.communicate()
        sweep(self.layout)

    def _words(self) -> str:
        log = self.layout.path("logs", "first.log")
        return log.read_text()[-2000:] if log.exists() else "no word from it"


def check(*, real_node: bool = True) -> None:
    """Look for what the machine must have.

    Raises:
        RuntimeError: names what is missing and how to get it.
    """
    if os.geteuid():
        raise RuntimeError("The real cluster makes namespaces and containers and needs root. Use `make test` without it.")
    path = f"{os.environ.get('PATH', '')}:{_SBIN}"
    missing = [name for name in (*_PROGRAMS, *(_NODE_PROGRAMS if real_node else ())) if shutil.which(name, path=path) is None]
    if missing:
        raise RuntimeError(f"Missing: {', '.join(missing)}. On Debian: apt-get install {PACKAGES}")


def prepare(*, say: Callable[[str], None], real_node: bool = True) -> Path:
    """Build what starts need; the cache folder. Raises RuntimeError as `check` and `build.build`."""
    check(real_node=real_node)
    cache = cache_folder()
    build.build(cache / "bin", say=say)
    if real_node:
        images.build(cache, say=say)
    return cache


def start(
    name: str,
    *,
    say: Callable[[str], None],
    detached: bool = False,
    fake_nodes: int = 0,
    real_node: bool = True,
) -> Cluster:
    """Start a cluster and wait until it is ready. Not `detached`, it ends when this process does, however that happens.

    Raises:
        RuntimeError: it cannot be built or started; says why. Nothing is left then.
    """
    cache = prepare(say=say, real_node=real_node)
    leave(name)
    layout = Layout(name=name, network=network.free_network(), cache=str(cache), fake_nodes=fake_nodes, real_node=real_node)
    layout.folder.mkdir(parents=True)
    cluster = None
    try:
        certs.write(layout)
        users.write(layout)
        configs.write(layout)
        write(layout.path("layout.json"), layout)
        cluster = _launch(layout, detached=detached)
        network.join(layout, cluster.first.pid)
        cluster.wait()
    except BaseException:
        if cluster is None:
            sweep(layout)
        else:
            cluster.stop()
        raise
    return cluster


def _launch(layout: Layout, *, detached: bool) -> Cluster:
    layout.path("logs").mkdir()
    here = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{here}:{here.parent}", "PATH": f"{os.environ['PATH']}:{_SBIN}"}
    spaces = ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--propagation", "slave", "--kill-child"]
    inside = [sys.executable, "-m", "realcluster.inside", str(layout.path("layout.json")), *([] if detached else ["--lifeline"])]
    with layout.path("logs", "first.log").open("ab") as log:
        outer = subprocess.Popen(
            ["unshare", *spaces, *inside],
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    first = _child(outer)
    write(layout.path("first.json"), first)
    return Cluster(layout, first, outer)


def _child(outer: subprocess.Popen[bytes]) -> Process:
    """The first process inside: the only child of `unshare`."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    deadline = time.monotonic() + _STOPPING
    while time.monotonic() < deadline and outer.poll() is None:
        if text := children.read_text().split():
            return Process.of(int(text[0]))
        time.sleep(0.005)
    outer.kill()
    outer.communicate()
    raise RuntimeError("Namespaces could not be made. The real cluster needs CAP_SYS_ADMIN.")


def find(name: str) -> Cluster | None:
    """A running cluster, started by whomever."""
    folder = cache_folder() / "run" / name
    first, layout = folder / "first.json", folder / "layout.json"
    if not first.exists() or not layout.exists():
        return None
    cluster = Cluster(
        msgspec.json.decode(layout.read_bytes(), type=Layout),
        msgspec.json.decode(first.read_bytes(), type=Process),
    )
    return cluster if cluster.first.alive() else None


def leave(name: str) -> None:
    """Stop a running cluster of that name, or remove what a killed one left."""
    running = find(name)
    folder = cache_folder() / "run" / name
    if running is not None:
        running.stop()
    elif folder.joinpath("layout.json").exists():
        sweep(msgspec.json.decode(folder.joinpath("layout.json").read_bytes(), type=Layout))
    shutil.rmtree(folder, ignore_errors=True)


def sweep(layout: Layout) -> None:
    """Remove what outlives the namespaces: control groups, the folder, an interface that was never given away."""
    mounts.remove_cgroups(layout)
    network.remove(layout)
    shutil.rmtree(layout.folder, ignore_errors=True)
