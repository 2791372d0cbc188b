"""`python -m realcluster up | down | status | build`: the cluster of the end-to-end tests for a person."""

from __future__ import annotations

import argparse
import sys

from realcluster import cluster
from realcluster.layout import cache_folder

_NAME = "main"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _up(arguments: argparse.Namespace) -> None:
    running = cluster.find(arguments.name)
    if running is None:
        running = cluster.start(
            arguments.name,
            say=_say,
            detached=True,
            fake_nodes=arguments.fake_nodes,
            real_node=not arguments.no_node,
        )
    _say(f"ready after {running.state().seconds:g} s. Use it:\n")
    print(f"export KUBECONFIG={running.kubeconfig()}")


def _down(arguments: argparse.Namespace) -> None:
    cluster.leave(arguments.name)


def _status(arguments: argparse.Namespace) -> None:
    running = cluster.find(arguments.name)
    if running is None:
        sys.exit("no cluster runs. Start one with `make cluster-up`.")
    state = running.state()
    print(f"{state.phase} {state.message}\nkubeconfig {running.kubeconfig()}\naudit log  {running.audit_log}")
    for name, pid in state.programs.items():
        print(f"{name:24} pid {pid} inside, log {running.layout.path('logs', name + '.log')}")


def _build(_arguments: argparse.Namespace) -> None:
    cluster.prepare(say=_say)
    _say(f"everything is in {cache_folder()}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="realcluster", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "build"))
    parser.add_argument("--name", default=_NAME)
    parser.add_argument("--fake-nodes", type=int, default=0, help="nodes played by kwok")
    parser.add_argument("--no-node", action="store_true", help="no kubelet and no containers")
    arguments = parser.parse_args()
    try:
        {"up": _up, "down": _down, "status": _status, "build": _build}[arguments.command](arguments)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
