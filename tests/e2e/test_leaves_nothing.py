"""However a cluster ends, the machine is as before: no process, mount, interface, control group or folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from realcluster import cluster as clusters
from realcluster import mounts
from realcluster.layout import cache_folder

HERE = Path(__file__).parents[1]
START = """
import sys, time
from realcluster import cluster
running = cluster.start(sys.argv[1], say=print, detached=False)
print("up", running.layout.link, flush=True)
time.sleep(600)
"""


def traces(name: str) -> list[str]:
    """What reminds of a cluster."""
    folder = str(cache_folder() / "run" / name)
    found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if folder in line]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found += [command] if folder in command and int(process.name) != os.getpid() else []
    found += [str(path) for root in mounts.cgroup_roots() for path in root.glob(f"kdasync-real-{name}*")]
    return found


def interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_launcher_that_ends_takes_its_cluster_along(number: signal.Signals) -> None:
    name = f"gone-{os.getpid()}-{number.name.lower()}"
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}"}
    launcher = subprocess.Popen(
        [sys.executable, "-c", START, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    assert launcher.stdout
    link = next(line for line in iter(launcher.stdout.readline, "") if line.startswith("up ")).split()[1]
    assert link in interfaces()
    assert traces(name)
    launcher.send_signal(number)
    launcher.communicate()
    deadline = time.monotonic() + 30
    while traces(name) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert traces(name) == []
    clusters.leave(name)
    assert link not in interfaces()
    assert not cache_folder().joinpath("run", name).exists()


@pytest.mark.timeout(300)
def test_a_killed_first_process_takes_its_cluster_along() -> None:
    name = f"gone-{os.getpid()}-first"
    running = clusters.start(name, say=print)
    os.kill(running.first.pid, signal.SIGKILL)
    running.stop()
    assert traces(name) == []
    assert running.layout.link not in interfaces()
