"""Which app a cluster means. Source: spec/kubedirector-api.md section 2.9 (App lookup), without its fall-back on errors (F28)."""

from __future__ import annotations

import msgspec

from kdasync.admission.world import UNKNOWN, Unknown, World
from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster


class Found(msgspec.Struct, frozen=True):
    """An app; `system`: in the operator's namespace and not in the cluster's."""

    app: KubeDirectorApp
    system: bool


def app_of(cluster: KubeDirectorCluster, world: World) -> Found | Unknown | None:
    """The app of a cluster: in its namespace, in the operator's, or as `appCatalog` says."""
    name, home, catalog = cluster.spec.app, cluster.metadata.namespace, cluster.spec.app_catalog
    places = [home] if catalog == "local" else [world.namespace] if catalog == "system" else [home, world.namespace]
    for place in places:
        app = world.app(place, name)
        if isinstance(app, Unknown):
            return UNKNOWN
        if app is not None:
            return Found(app, system=place != home)
    return None
