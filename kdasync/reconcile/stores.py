"""All stores of the operator in one place, with the look-ups that reconcile needs."""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import KubeDirectorConfig
from kdasync.api.meta import Object
from kdasync.api.workloads import Claim, ConfigMap, Pod, Secret, Service, StatefulSet
from kdasync.store.index import by_cluster
from kdasync.store.store import Store

Key = tuple[str, str]  # namespace, name of a cluster

_OWNED = "cluster"
_APP = "app"
_CONNECTED = "connected"


def _by_app(cluster: KubeDirectorCluster) -> Iterable[str]:
    return (cluster.spec.app,)


def _by_connection(cluster: KubeDirectorCluster) -> Iterable[str]:
    """`namespace/kind/name` of everything the cluster is connected to."""
    wanted, namespace = cluster.spec.connections, cluster.metadata.namespace
    kinds = (("KubeDirectorCluster", wanted.clusters), ("ConfigMap", wanted.configmaps), ("Secret", wanted.secrets))
    return [f"{namespace}/{kind}/{name}" for kind, names in kinds for name in names]


class Stores:
    """Typed objects by kind."""

    def __init__(self) -> None:
        self.clusters: Store[KubeDirectorCluster] = Store({_APP: _by_app, _CONNECTED: _by_connection})
        self.apps: Store[KubeDirectorApp] = Store()
        self.configs: Store[KubeDirectorConfig] = Store()
        self.statefulsets: Store[StatefulSet] = Store({_OWNED: by_cluster})
        self.services: Store[Service] = Store({_OWNED: by_cluster})
        self.pods: Store[Pod] = Store({_OWNED: by_cluster})
        self.claims: Store[Claim] = Store({_OWNED: by_cluster})
        self.configmaps: Store[ConfigMap] = Store()
        self.secrets: Store[Secret] = Store()
        self.storage_classes: Store[Object] = Store()

    def of_app(self, name: str) -> list[Key]:
        """Clusters that name an app."""
        return [_key(cluster) for cluster in self.clusters.select(_APP, name)]

    def connected_to(self, kind: str, namespace: str, name: str) -> list[Key]:
        """Clusters that are connected to an object."""
        return [_key(cluster) for cluster in self.clusters.select(_CONNECTED, f"{namespace}/{kind}/{name}")]


def _key(item: Object) -> Key:
    return item.metadata.namespace, item.metadata.name
