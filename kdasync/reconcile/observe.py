"""Stores, jobs and clock -> one frozen snapshot of a cluster.

Reads only; the admission defaults are applied here, so that the operator works with the webhook off.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster
from kdasync.api.config import ConfigSpec
from kdasync.api.meta import Object
from kdasync.errors import DefinitionError
from kdasync.reconcile.connected import connected
from kdasync.reconcile.snapshot import JobView, Snapshot
from kdasync.reconcile.stores import Stores
from kdasync.render.checks import check_app, check_cluster
from kdasync.render.defaults import default_app, default_cluster
from kdasync.render.keys import CONFIG_NAME
from kdasync.settings import Settings

_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


class Definition(msgspec.Struct, frozen=True):
    """What follows from cluster, app and config: app and spec with their defaults, and why they cannot be run."""

    basis: tuple[object, ...] = ()
    app: KubeDirectorApp | None = None
    spec: ClusterSpec | None = None
    problems: tuple[DefinitionError, ...] = ()


class Definitions:
    """Definitions by cluster: worked out once per edit, not once per event."""

    def __init__(self) -> None:
        self._known: dict[str, Definition] = {}

    def of(self, stores: Stores, settings: Settings, cluster: KubeDirectorCluster, config: ConfigSpec) -> Definition:
        """The definition of a cluster now."""
        app, system = find_app(stores, settings, cluster)
        storage = _storage_class(stores)
        version = (app.metadata.uid, app.metadata.resource_version) if app else None
        basis = (cluster.spec, version, system, config, storage)
        known = self._known.get(cluster.metadata.uid)
        if known is None or known.basis != basis:
            known = self._known[cluster.metadata.uid] = _define(cluster, app, config, basis)
        return known

    def forget(self, uid: str) -> None:
        """The cluster is gone."""
        self._known.pop(uid, None)


def _define(cluster: KubeDirectorCluster, app: KubeDirectorApp | None, config: ConfigSpec, basis: tuple[object, ...]) -> Definition:
    if app is None:
        return Definition(basis)
    _, _, system, _, storage = basis
    full_app = default_app(app)
    full = default_cluster(
        cluster, full_app, config, default_storage_class=storage if isinstance(storage, str) else None, app_is_system=bool(system)
    )
    return Definition(basis, full_app, full.spec, (*check_app(full_app), *check_cluster(full, full_app, config)))


def observe(
    stores: Stores,
    settings: Settings,
    cluster: KubeDirectorCluster,
    *,
    now: float,
    jobs: Mapping[int, JobView],
    problem: DefinitionError | None = None,
    definitions: Definitions | None = None,
) -> Snapshot:
    """The snapshot of `cluster` at `now` (seconds since the epoch).

    `problem` is what the API server said to the last thing that was rendered from the spec; `definitions` remembers from pass to
    pass what follows from cluster, app and config alone.
    """
    key = (cluster.metadata.namespace, cluster.metadata.name)
    config = _config(stores, settings)
    links = connected(stores, cluster)
    made = (definitions or Definitions()).of(stores, settings, cluster, config)
    app, problems = made.app, (*made.problems, *((problem,) if problem else ()))
    if made.spec is not None:
        cluster = replace(cluster, spec=made.spec)
    return Snapshot(
        now=now,
        cluster=cluster,
        settings=settings,
        app=app,
        problems=problems,
        config=config,
        statefulsets={item.metadata.name: item for item in stores.statefulsets.select("cluster", f"{key[0]}/{key[1]}")},
        services={item.metadata.name: item for item in stores.services.select("cluster", f"{key[0]}/{key[1]}")},
        pods={item.metadata.name: item for item in stores.pods.select("cluster", f"{key[0]}/{key[1]}")},
        claims={item.metadata.name: item for item in stores.claims.select("cluster", f"{key[0]}/{key[1]}")},
        jobs=jobs,
        recorded={m.node_id: m.service for role in cluster.status.roles for m in role.members} if cluster.status else {},
        connection_hash=links.hash,
        connected=links,
    )


def find_app(stores: Stores, settings: Settings, cluster: KubeDirectorCluster) -> tuple[KubeDirectorApp | None, bool]:
    """The cluster's app and whether it is from the system catalog: `local` or `system` if the spec says so, else local first."""
    local = stores.apps.get(cluster.metadata.namespace, cluster.spec.app)
    system = stores.apps.get(settings.namespace, cluster.spec.app)
    catalog = cluster.spec.app_catalog
    if catalog == "system" or (catalog is None and local is None):
        return system, True
    return local, False


def _config(stores: Stores, settings: Settings) -> ConfigSpec:
    found = stores.configs.get(settings.namespace, CONFIG_NAME)
    return (found.spec if found else None) or ConfigSpec()


def _storage_class(stores: Stores) -> str | None:
    return next((item.metadata.name for item in stores.storage_classes if _is_default(item)), None)


def _is_default(item: Object) -> bool:
    return any(item.metadata.annotations.get(key) == "true" for key in _DEFAULT_CLASS)
