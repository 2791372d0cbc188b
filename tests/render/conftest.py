"""Records of the real KubeDirector, decoded once, and small builders of inputs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec
from kdasync.render.defaults import default_app, default_cluster
from kdasync.render.view import RoleView, role_view

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared"))
RECORDS = sorted((SHARED / "testdata/kubedirector/golden").glob("*/cr-*.json"))


class Record(msgspec.Struct, frozen=True):
    """One recorded cluster: what went in, what KubeDirector stored, what it made."""

    app: KubeDirectorApp
    cluster: KubeDirectorCluster
    stored_app: KubeDirectorApp
    stored: KubeDirectorCluster
    objects: list[dict[str, Any]]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The recorded objects of a kind by name."""
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}

    @property
    def defaulted(self) -> KubeDirectorCluster:
        """Our defaults on the input, with the identity and the recorded names that KubeDirector's had."""
        cluster = default_cluster(
            self.cluster, default_app(self.app), ConfigSpec(), default_storage_class=self.storage_class, app_is_system=False
        )
        return msgspec.structs.replace(cluster, metadata=self.stored.metadata, status=self.stored.status)

    @property
    def storage_class(self) -> str | None:
        """The default StorageClass of the recording."""
        return next((role.storage.storage_class_name for role in self.stored.spec.roles if role.storage), None)

    @property
    def views(self) -> list[RoleView]:
        """One view per role of the cluster."""
        app, cluster = default_app(self.app), self.defaulted
        return [role_view(cluster, app, ConfigSpec(), role.id) for role in cluster.spec.roles]


@pytest.fixture(params=RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def record(request: pytest.FixtureRequest) -> Record:
    raw = json.loads(request.param.read_text())
    return Record(
        app=msgspec.convert(raw["app"], KubeDirectorApp),
        cluster=msgspec.convert(raw["cluster"], KubeDirectorCluster),
        stored_app=msgspec.convert({"metadata": raw["app"]["metadata"], "spec": raw["stored"]["app"]}, KubeDirectorApp),
        stored=msgspec.convert(raw["stored"]["cluster"], KubeDirectorCluster),
        objects=raw["objects"],
    )


Build = Callable[..., RoleView]


@pytest.fixture
def build() -> Build:
    """A view of one role `r` from overrides of the wire form of app, app role, cluster, cluster role and config."""

    def make(
        *,
        app: dict[str, Any] | None = None,
        app_role: dict[str, Any] | None = None,
        cluster: dict[str, Any] | None = None,
        role: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
    ) -> RoleView:
        definition = msgspec.convert(
            {
                "metadata": {"name": "a", "namespace": "ns"},
                "spec": {
                    "label": {"name": "App"},
                    "services": [{"id": "web", "endpoint": {"port": 80, "urlScheme": "HTTP"}}],
                    "config": {"roleServices": [{"roleID": "r", "serviceIDs": ["web"]}]},
                    "roles": [{"id": "r", "cardinality": "1+", "imageRepoTag": "image", **(app_role or {})}],
                    **(app or {}),
                },
            },
            KubeDirectorApp,
        )
        wanted = msgspec.convert(
            {
                "metadata": {"name": "c", "namespace": "ns", "uid": "u-1"},
                "spec": {
                    "app": "a",
                    "roles": [{"id": "r", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}, **(role or {})}],
                    **(cluster or {}),
                },
            },
            KubeDirectorCluster,
        )
        settings = msgspec.convert(config or {}, ConfigSpec)
        definition = default_app(definition)
        filled = default_cluster(wanted, definition, settings, default_storage_class="std", app_is_system=False)
        return role_view(filled, definition, settings, "r")

    return make
