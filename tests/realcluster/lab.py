"""One namespace of a real cluster with an operator process, setup packages and everything a test of the operator's life asks for."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realcluster.api import Api
from realcluster.audit import Asked, Audit
from realcluster.cluster import Cluster
from realcluster.history import History, Json, Seen
from realcluster.images import DEBIAN
from realcluster.kubectl import kubectl
from realcluster.operator_process import OperatorProcess
from realcluster.packages import PackageServer

GROUP = "/apis/kubedirector.hpe.com/v1beta1"
LOG = "/var/calls"  # of the container: /tmp outlives it
_NUMBERS = itertools.count(1)
_SETTLED = 60.0


def script(body: str = "", *, sleep: float = 0) -> str:
    """A start script that notes each call with its end, and does `body` before."""
    return f'#!/bin/sh\n{body}\nsleep {sleep}\necho "$(date +%s.%N) $*" >> {LOG}\n'


class Lab:
    """Construct it with `lab`."""

    def __init__(self, cluster: Cluster, packages: PackageServer, operator: OperatorProcess, namespace: str) -> None:
        self.cluster = cluster
        self.api = Api(cluster.layout)
        self.audit = Audit(cluster.audit_log)
        self._began = self.audit.position()
        self.packages = packages
        self.operator = operator
        self.namespace = namespace
        self.history = History(self.api, f"{GROUP}/namespaces/{namespace}/kubedirectorclusters")

    def send(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> Json:
        """A request that must succeed; its answer."""
        status, answer = self.api.request(method, path, body, media=media)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer.decode()[:1500]}")
        found: Json = json.loads(answer)
        return found

    def path(self, plural: str, name: str = "") -> str:
        """Of an object or a collection in this namespace."""
        core = {"pods", "services", "persistentvolumeclaims", "configmaps", "secrets"}
        group = "/api/v1" if plural in core else "/apis/apps/v1" if plural == "statefulsets" else GROUP
        return f"{group}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def list(self, plural: str) -> list[Json]:
        """All objects of a kind here."""
        items: list[Json] = self.send("GET", self.path(plural))["items"]
        return items

    def app(self, start: str | None, *, name: str = "demo", image: str = DEBIAN, **spec: Any) -> None:
        """Create an app with one master and workers; no setup package if `start` is None."""
        package = {"packageURL": self.packages.serve(f"{self.namespace}-{name}.tgz", start)} if start is not None else None
        body = {
            "apiVersion": "kubedirector.hpe.com/v1beta1",
            "kind": "KubeDirectorApp",
            "metadata": {"name": name},
            "spec": {
                "label": {"name": name},
                "distroID": f"test/{name}",
                "version": "1",
                "configSchemaVersion": 8,
                "defaultImageRepoTag": image,
                "defaultConfigPackage": package,
                "services": [{"id": "ui", "label": {"name": "UI"}, "endpoint": {"port": 8080}}],
                "roles": [{"id": "master", "cardinality": "1"}, {"id": "worker", "cardinality": "0+"}],
                "config": {
                    "selectedRoles": ["master", "worker"],
                    "roleServices": [{"roleID": role, "serviceIDs": ["ui"]} for role in ("master", "worker")],
                },
                **spec,
            },
        }
        self.send("POST", self.path("kubedirectorapps"), body)

    def create(self, *, workers: int, app: str = "demo", name: str = "one", **role: Any) -> float:
        """Create a cluster; when that was."""
        body = {
            "apiVersion": "kubedirector.hpe.com/v1beta1",
            "kind": "KubeDirectorCluster",
            "metadata": {"name": name},
            "spec": {"app": app, "appCatalog": "local", "serviceType": "ClusterIP", "roles": self.roles(workers, **role)},
        }
        started = time.time()
        self.send("POST", self.path("kubedirectorclusters"), body)
        return started

    @staticmethod
    def roles(workers: int, **role: Any) -> list[Json]:
        """The roles of a cluster's spec."""
        size = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}}
        return [{"id": name, "members": count, "resources": size, **role} for name, count in (("master", 1), ("worker", workers))]

    def edit(self, spec: Json, *, name: str = "one") -> float:
        """Merge into a cluster's spec; when that was."""
        started = time.time()
        path = self.path("kubedirectorclusters", name)
        self.send("PATCH", path, {"spec": spec}, media="application/merge-patch+json")
        return started

    def configured(self, name: str = "one", *, seconds: float = _SETTLED, since: float = 0) -> Seen:
        """Wait until the cluster is what its spec asks for."""
        return self.until(Seen.ready, name=name, seconds=seconds, since=since)

    def until(self, check: Callable[[Seen], bool], *, name: str = "one", seconds: float = _SETTLED, since: float = 0) -> Seen:
        """Wait for a state of a cluster; tells the operator's last words if it does not come."""
        try:
            return self.history.until(name, check, seconds=seconds, since=since)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\noperator's log: {self.operator.words()}") from error

    def eventually(self, check: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait for anything else.

        Raises:
            TimeoutError: it did not come.
        """
        deadline = time.monotonic() + seconds
        while not check():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:g} s. {self.operator.words()}")
            time.sleep(0.1)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl as admin in this namespace; its output."""
        return kubectl(self.cluster, f"--namespace={self.namespace}", *arguments)

    def inside(self, pod: str, *command: str) -> str:
        """Output of a command in a guest, asked for by admin."""
        return self.kubectl("exec", pod, "-c", "app", "--", *command)

    def calls(self, pod: str) -> list[tuple[float, str]]:
        """What the start script noted: when a call ended, and its arguments."""
        lines = self.inside(pod, "sh", "-c", f"cat {LOG} 2>/dev/null || :").splitlines()
        return [(float(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in lines]

    def pods(self) -> dict[str, Json]:
        """The pods of the namespace by name."""
        return {pod["metadata"]["name"]: pod for pod in self.list("pods")}

    def kill_container(self, pod: str) -> None:
        """SIGKILL from outside to the guest's first process."""
        status = self.pods()[pod]["status"]["containerStatuses"]
        name = next(item["containerID"] for item in status if item["name"] == "app").rpartition("/")[2]
        socket = self.cluster.layout.containerd
        command = self.cluster.enter("ctr", "--address", socket, "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", name)
        subprocess.run(command, check=True, capture_output=True)

    def asked(self, position: int | None = None) -> list[Asked]:
        """What the operator asked for in this namespace, since a position of the audit log or the beginning."""
        return self.audit.since(self._began if position is None else position, user="operator", namespace=self.namespace)


@contextmanager
def lab(cluster: Cluster, folder: Path, *, clean: bool = True, **knobs: str) -> Iterator[Lab]:
    """A namespace with a running operator; both are gone afterwards.

    Args:
        cluster: a real one with the CRDs.
        folder: for the operator's log.
        clean: delete the clusters and the namespace; not needed if the whole cluster goes.
        knobs: KDASYNC_* settings.
    """
    namespace = f"e2e-{os.getpid()}-{next(_NUMBERS)}"
    Api(cluster.layout).create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    operator = OperatorProcess(cluster.kubeconfig("operator"), namespace, folder / "operator.log", knobs)
    with PackageServer() as packages:
        made = Lab(cluster, packages, operator, namespace)
        try:
            operator.start()
            yield made
            if clean:
                made.send("DELETE", made.path("kubedirectorclusters"))
                made.eventually(lambda: not made.list("kubedirectorclusters"), seconds=60)
        finally:
            operator.stop()
            if clean:
                made.api.request("DELETE", f"/api/v1/namespaces/{namespace}")
