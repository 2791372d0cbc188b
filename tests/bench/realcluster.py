"""Side by side with KubeDirector on a real Kubernetes: `PYTHONPATH=tests python -m bench.realcluster [--sizes 5,50,200]`.

A control plane of its own with fake nodes; clusters of three members without setup package, as KubeDirector was measured with. All
times are from the first create. The bare client makes the same StatefulSets and Services with nothing to wait for: the floor.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from realcluster import cluster as clusters
from realcluster.api import Api
from realcluster.audit import counted
from realcluster.history import Json
from realcluster.kubectl import install_crds
from realcluster.lab import Lab, lab

THREADS = 8
IDLE = 60.0
KUBEDIRECTOR = {5: "1.8 s (all)", 50: "17.1 / 21.3 / 25.0 s, CPU 1.8 s", 200: "77 / 99 / 107 s, CPU 7.5 s, RSS 74 MB"}
_SERVER_FIELDS = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "ownerReferences", "generation")


class Times(msgspec.Struct, frozen=True):
    """Seconds from the first create to the first, the median and the last."""

    first: float
    median: float
    last: float

    @classmethod
    def of(cls, values: Iterable[float], start: float) -> Times:
        """Of moments."""
        found = sorted(value - start for value in values)
        return cls(found[0], statistics.median(found), found[-1])

    def __str__(self) -> str:
        return f"{self.first:.1f} / {self.median:.1f} / {self.last:.1f} s"


def together(work: Callable[[str], object], names: Iterable[str]) -> None:
    """Do it for all, several at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, names):
            pass


def ours(bench: Lab, count: int) -> Times:
    """Create clusters and wait until all are configured."""
    names = [f"c{number:03}" for number in range(count)]
    start = time.time()
    together(lambda name: bench.create(workers=2, name=name), names)
    return Times.of([bench.configured(name, seconds=300).at for name in names], start)


def bare(api: Api, namespace: str, objects: list[tuple[str, Json]]) -> float:
    """Create the same objects in an empty namespace; seconds until all pods run."""
    api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    pods = sum(item["spec"]["replicas"] for path, item in objects if path.endswith("statefulsets"))
    running: set[str] = set()
    start = time.time()
    with ThreadPoolExecutor(THREADS) as pool:
        made = [pool.submit(api.create, path, item) for path, item in objects]
        for event in api.watch(f"/api/v1/namespaces/{namespace}/pods"):
            if event["object"].get("status", {}).get("phase") == "Running":
                running.add(event["object"]["metadata"]["name"])
            if len(running) == pods:
                break
        for each in made:
            each.result()
    return time.time() - start


def same_objects(bench: Lab, namespace: str) -> list[tuple[str, Json]]:
    """What the operator made, as a client would send it to another namespace."""
    found: list[tuple[str, Json]] = []
    for plural in ("statefulsets", "services"):
        path = bench.path(plural).replace(bench.namespace, namespace)
        for item in bench.list(plural):
            meta = {key: value for key, value in item["metadata"].items() if key not in _SERVER_FIELDS}
            spec = {key: value for key, value in item["spec"].items() if key != "clusterIPs"}
            if spec.get("clusterIP") != "None":
                spec.pop("clusterIP", None)
            found.append((path, {"metadata": {**meta, "namespace": namespace}, "spec": spec}))
    return found


def case(running: clusters.Cluster, count: int, say: Callable[[str], None]) -> None:
    """One size: ours, the same idle, the bare client."""
    with tempfile.TemporaryDirectory() as folder, lab(running, Path(folder), clean=False) as bench:
        bench.app(None)
        times = ours(bench, count)
        operator = bench.operator
        say(f"{count} x 3 kdasync     {times}, CPU {operator.cpu_seconds():.1f} s, RSS {operator.resident_bytes() / 2**20:.0f} MiB")
        say(f"{count} x 3 KubeDirector {KUBEDIRECTOR.get(count, '-')}")
        say(f"        requests {sum(counted(bench.asked()).values())}")
        time.sleep(5)
        position, cpu = running.audit_log.stat().st_size, operator.cpu_seconds()
        time.sleep(IDLE)
        asked = counted(bench.audit.since(position, user="operator"))
        say(f"{count} x 3 idle {IDLE:.0f} s: requests {dict(asked)}, CPU {operator.cpu_seconds() - cpu:.2f} s")
        namespace = f"{bench.namespace}-bare"
        seconds = bare(Api(running.layout, "bare"), namespace, same_objects(bench, namespace))
        say(f"{count} x 3 bare client: all pods ran after {seconds:.1f} s; ours in {times.last / seconds:.2f} times that")


def main() -> None:
    """Run the sizes in turn, each on a fresh control plane."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="5,50,200")
    for size in map(int, parser.parse_args().sizes.split(",")):
        running = clusters.start(f"bench-{size}", say=lambda text: print(text, file=sys.stderr), fake_nodes=6, real_node=False)
        try:
            install_crds(running)
            case(running, size, lambda text: print(text, flush=True))
        finally:
            running.stop()


if __name__ == "__main__":
    main()
