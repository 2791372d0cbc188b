"""The first process of the cluster's namespaces: starts everything, watches it, and is the reason why nothing stays behind.

Flow: sets up mounts and network, starts the programs in order, waits until the node is ready, writes `state.json`. Guarantees: it ends,
and everything with it, on SIGTERM, or when the other end of its standard input closes, so also when whoever started it was killed; as it
is PID 1 of its namespace, its end is the end of every process in it, and with them go mounts and network. Only control groups and the
folder are left, which it removes itself if it can, and the next start if it was killed too.
Assumptions: started by `cluster.py` in fresh mount, PID and network namespaces.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import msgspec
from realcluster import images, mounts, network, objects, programs
from realcluster.api import Api
from realcluster.layout import NODE, Layout, State, write
from realcluster.supervisor import Supervisor

_STEP = 120.0  # seconds for one step of the start on a busy machine
_GRACE = 2.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class _StopError(Exception):
    """Somebody wants the cluster to end."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _StopError


class Inside:
    """One run of the cluster."""

    def __init__(self, layout: Layout, *, lifeline: bool) -> None:
        self._layout = layout
        self._lifeline = lifeline
        self._start = time.monotonic()
        self._supervisor = Supervisor(layout.path("logs"), {"PATH": _PATH, "HOME": "/root", "PYTHONPATH": os.environ["PYTHONPATH"]})

    def run(self) -> int:
        """Start, watch, end."""
        try:
            self._bring_up()
            self._tell("ready")
            self._watch()
        except _StopError:
            return 0
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            self._tell("failed", str(error))
            return 1
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._supervisor.end(grace=_GRACE)
            mounts.remove_cgroups(self._layout)
        return 0

    def _bring_up(self) -> None:
        layout, start = self._layout, self._supervisor.start
        mounts.prepare(layout)
        network.configure(layout, timeout=_STEP)
        start(programs.etcd(layout))
        start(programs.api_server(layout))
        if layout.real_node:
            start(programs.containerd(layout))
            self._wait("containerd", lambda: images.responds(layout.containerd))
            images.load(layout)  # while the API server starts
        api = Api(layout)
        self._wait("kube-apiserver", lambda: api.request("GET", "/readyz")[0] == 200)
        self._tell("starting", "the API server is ready")
        start(programs.controller_manager(layout))
        start(programs.scheduler(layout))
        self._wait("kube-apiserver", lambda: objects.create(api, layout))
        start(programs.Program("provisioner", (sys.executable, "-m", "realcluster.provisioner", str(layout.path("layout.json")))))
        start(programs.coredns(layout))
        if layout.fake_nodes:
            start(programs.kwok(layout))
        if layout.real_node:
            self._node(api)

    def _node(self, api: Api) -> None:
        self._supervisor.start(programs.kubelet(self._layout))
        self._supervisor.start(programs.kube_proxy(self._layout))
        self._wait("kubelet", lambda: objects.node_ready(api, NODE))

    def _wait(self, name: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _STEP
        while True:
            self._check()
            try:
                if done():
                    return
            except OSError:
                pass  # not listening yet
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} is not ready after {_STEP:g} s. {self._supervisor.tail(name)}")
            time.sleep(0.05)

    def _check(self) -> None:
        if self._lifeline and select.select([sys.stdin], [], [], 0)[0]:
            raise _StopError
        if name := self._supervisor.dead():
            raise RuntimeError(f"{name} ended. Its last words:\n{self._supervisor.tail(name)}")

    def _watch(self) -> None:
        while True:
            self._check()
            select.select([sys.stdin] if self._lifeline else [], [], [], 0.5)

    def _tell(self, phase: str, message: str = "") -> None:
        state = State(
            phase=phase,
            message=message,
            seconds=round(time.monotonic() - self._start, 2),
            programs=self._supervisor.programs,
        )
        if self._layout.folder.is_dir():
            write(self._layout.path("state.json"), state)


def main(layout_file: str, *, lifeline: bool) -> int:
    """Run the cluster of a layout file.

    Raises:
        RuntimeError: not in namespaces of its own.
    """
    if os.getpid() != 1:
        raise RuntimeError("This is started by realcluster.cluster in namespaces of its own; use `python -m realcluster up`.")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us, who then ends us
    layout = msgspec.json.decode(Path(layout_file).read_bytes(), type=Layout)
    return Inside(layout, lifeline=lifeline).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], lifeline="--lifeline" in sys.argv[2:]))
