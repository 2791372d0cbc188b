"""A devcluster's API server with our CRDs and our webhook, all in this process."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kdasync.admission.handle import Webhook
from kdasync.admission.live import Known, Question
from kdasync.admission.registration import manifests
from kdasync.admission.request import User
from kdasync.admission.world import Lookup, Permission, Thing
from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import KubeDirectorConfig
from kdasync.api.meta import Object
from kdasync.api.schema import definitions
from kdasync.devcluster import environment
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.server import ApiServer
from kdasync.kube.transport import Request
from kdasync.store.store import Store

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("KDASYNC_SHARED", ROOT.parent / "shared"))
EPOCH = 1_767_225_600.0
GROUP = "/apis/kubedirector.hpe.com/v1beta1/namespaces"
KINDS = {
    "kubedirector.hpe.com/kubedirectorapps": KubeDirectorApp,
    "kubedirector.hpe.com/kubedirectorclusters": KubeDirectorCluster,
    "kubedirector.hpe.com/kubedirectorconfigs": KubeDirectorConfig,
    "storage.k8s.io/storageclasses": Object,
}


class Answer:
    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.json = json.loads(body)

    @property
    def message(self) -> str:
        return str(self.json.get("message", ""))


class Site:
    """An API server, its webhook, and a user who may do what `may` says."""

    def __init__(self) -> None:
        self.plane = Plane(environment=environment.seeded(1, lambda: EPOCH))
        self.server = ApiServer(self.plane)
        self.may: Callable[[Permission], bool] = lambda wanted: wanted.verb != "bypass"
        self.asked: list[Question] = []
        self.webhook: Webhook

    async def start(self) -> None:
        for body in definitions():
            await self.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
        for name in ("default", "kubedirector"):
            await self.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        for body in manifests(namespace="kubedirector", bundle=b"x"):
            plural = f"{body['kind'].lower()}s"
            await self.must("POST", f"/apis/admissionregistration.k8s.io/v1/{plural}", body)
        numbers = itertools.count(1)
        self.webhook = Webhook(self.known(), self.ask, nonce=lambda size: next(numbers).to_bytes(size, "big"))
        self.plane.services["kubedirector", "kubedirector-validator"] = self.serve

    def known(self) -> Known:
        self.stores: dict[str, Store[Any]] = {shelf: Store() for shelf in KINDS}
        apps, clusters, configs, classes = self.stores.values()
        return Known(
            apps=apps,
            clusters=clusters,
            configs=configs,
            storage_classes=classes,
            of_app=lambda app: [item for item in clusters if item.spec.app == app],
            namespace="kubedirector",
            operators=frozenset({"operator"}),
        )

    def sync(self) -> None:
        """What the informers do."""
        for shelf, kind in KINDS.items():
            items = [msgspec.convert(entry.object, kind) for entry in self.plane.storage.list(shelf)]
            found = {(item.metadata.namespace, item.metadata.name): item for item in items}
            self.stores[shelf].swap(found, str(10**9))

    async def serve(self, request: Request) -> Any:
        self.sync()
        return await self.webhook.handle(request)

    async def ask(self, user: User, questions: set[Question]) -> dict[Question, Any]:
        del user
        self.asked += questions
        return {item: self._look(item) if isinstance(item, Lookup) else self.may(item) for item in questions}

    def _look(self, lookup: Lookup) -> Thing | None:
        entry = self.plane.storage.get(f"/{lookup.resource}", lookup.namespace, lookup.name)
        if entry is None:
            return None
        spec = entry.object.get("spec", {})
        return Thing(volume_mode=spec.get("volumeMode"), access_modes=tuple(spec.get("accessModes", ())))

    async def send(self, method: str, path: str, body: Any = None, *, media: str = "application/json", **query: str) -> Answer:
        data = b"" if body is None else msgspec.json.encode(body)
        answer = await self.server.handle(Request(method, path, tuple(query.items()), {"content-type": media}, data))
        return Answer(answer.status, answer.body)

    async def must(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = await self.send(method, path, body, **query)
        assert answer.status < 300, answer.json
        return answer.json

    def path(self, body: Any, *, named: bool = False) -> str:
        meta = body["metadata"]
        plural = f"{body['kind'].lower()}s"
        return f"{GROUP}/{meta.get('namespace', 'default')}/{plural}" + (f"/{meta['name']}" if named else "")

    async def create(self, body: Any, **query: str) -> Answer:
        return await self.send("POST", self.path(body), body, **query)

    async def put(self, body: Any, **query: str) -> Answer:
        return await self.send("PUT", self.path(body, named=True), body, **query)

    async def merge(self, body: Any, patch: Any, **query: str) -> Answer:
        """A merge patch of the object that `body` names."""
        return await self.send("PATCH", self.path(body, named=True), patch, media="application/merge-patch+json", **query)

    async def update(self, body: Any, **query: str) -> Answer:
        """PUT `body` over what is stored, without its status."""
        stored = await self.must("GET", self.path(body, named=True))
        meta = {**body["metadata"], "resourceVersion": stored["metadata"]["resourceVersion"]}
        return await self.put({**body, "metadata": meta}, **query)

    async def delete(self, body: Any) -> Answer:
        return await self.send("DELETE", self.path(body, named=True))

    async def populate(self, name: str, *roles: str) -> None:
        """Members of these roles, as a status records them."""
        status = {"generationUID": "g", "roles": [{"id": role, "statefulSet": f"s-{role}", "members": []} for role in roles]}
        path = f"{GROUP}/default/kubedirectorclusters/{name}/status"
        await self.must("PATCH", path, {"status": status}, media="application/merge-patch+json")


@pytest.fixture
async def site() -> Site:
    made = Site()
    await made.start()
    return made


def lines() -> Iterator[dict[str, Any]]:
    with gzip.open(SHARED / "testdata" / "kubedirector" / "verdicts.jsonl.gz", "rt") as text:
        for line in text:
            yield json.loads(line)


@pytest.fixture(scope="session")
def verdicts() -> list[dict[str, Any]]:
    if not SHARED.exists():
        pytest.skip("the recorded verdicts are not on this machine: set KDASYNC_SHARED")
    return list(lines())


@pytest.fixture
def app() -> dict[str, Any]:
    """An app of two roles, `master` (1) and `worker` (0+), with a service each."""
    return {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorApp",
        "metadata": {"name": "demo", "namespace": "default"},
        "spec": {
            "label": {"name": "Demo"},
            "distroID": "acme/demo",
            "version": "1",
            "configSchemaVersion": 8,
            "defaultImageRepoTag": "localhost/demo:1",
            "services": [
                {"id": "ui", "endpoint": {"port": 80, "urlScheme": "http", "isDashboard": True}},
                {"id": "ssh", "endpoint": {"port": 22}},
            ],
            "roles": [{"id": "master", "cardinality": "1"}, {"id": "worker", "cardinality": "0+"}],
            "config": {
                "selectedRoles": ["master", "worker"],
                "roleServices": [{"roleID": "master", "serviceIDs": ["ui"]}, {"roleID": "worker", "serviceIDs": ["ssh"]}],
            },
        },
    }


@pytest.fixture
def cluster() -> dict[str, Any]:
    """A cluster of it."""
    resources = {"limits": {"memory": "1Gi", "cpu": "1"}}
    return {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorCluster",
        "metadata": {"name": "one", "namespace": "default"},
        "spec": {
            "app": "demo",
            "roles": [
                {"id": "master", "members": 1, "resources": resources},
                {"id": "worker", "members": 2, "resources": resources},
            ],
        },
    }


@pytest.fixture
def config() -> dict[str, Any]:
    """The global config, all defaults."""
    return {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorConfig",
        "metadata": {"name": "kd-global-config", "namespace": "kubedirector"},
    }


@pytest.fixture
async def running(site: Site, app: Any, cluster: Any, config: Any) -> Site:
    """Config, app, a Secret `s1`, and a cluster `one` whose roles have members."""
    await site.must("POST", site.path(config), config)
    await site.must("POST", site.path(app), app)
    await site.must("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"name": "s1"}})
    await site.must("POST", site.path(cluster), cluster)
    await site.populate("one", "master", "worker")
    return site
