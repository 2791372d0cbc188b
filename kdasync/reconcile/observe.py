"""Stores, jobs and clock -> one frozen snapshot of a cluster.

Reads only; the admission defaults are applied here, so that the operator works with the webhook off.
"""

from __future__ import annotations

from collections.abc import Mapping

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
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


def observe(
    stores: Stores,
    settings: Settings,
    cluster: KubeDirectorCluster,
    *,
    now: float,
    jobs: Mapping[int, JobView],
    problem: DefinitionError | None = None,
) -> Snapshot:
    """The snapshot of `cluster` at `now` (seconds since the epoch).

    `problem` is what the API server said to the last thing that was rendered from the spec.
    """
    key = (cluster.metadata.namespace, cluster.metadata.name)
    config = _config(stores, settings)
    app, system = find_app(stores, settings, cluster)
    links = connected(stores, cluster)
    problems = (problem,) if problem else ()
    if app is not None:
        app = default_app(app)
        cluster = default_cluster(cluster, app, config, default_storage_class=_storage_class(stores), app_is_system=system)
        problems = (*check_app(app), *check_cluster(cluster, app, config), *problems)
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
