"""What a cluster is connected to, and KubeDirector's hash over it. Pure.

Source: spec/kubedirector-runtime.md section 1.12. Three differences, each deliberate: of a cluster that is ours its membership
epoch counts, which a change of its own connections does not move, so that clusters that name each other come to rest (7.3 C9); only objects that carry their type label count
(others are never published and are not watched), and a connected cluster counts only while it is `configured`, so that its
dependants are refreshed when its change is done and not when it begins (7.4 D10).
"""

from __future__ import annotations

import hashlib

import msgspec

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.workloads import ConfigMap, Secret
from kdasync.reconcile.stores import Stores


class Connected(msgspec.Struct, frozen=True):
    """The connected objects that exist, in the spec's order; `hash` is None while a connected cluster is changing."""

    clusters: tuple[KubeDirectorCluster, ...] = ()
    configmaps: tuple[ConfigMap, ...] = ()
    secrets: tuple[Secret, ...] = ()
    hash: str | None = ""


def connected(stores: Stores, cluster: KubeDirectorCluster) -> Connected:
    """Look the connections of a cluster up."""
    wanted, namespace = cluster.spec.connections, cluster.metadata.namespace
    clusters = [(name, stores.clusters.get(namespace, name)) for name in wanted.clusters]
    configmaps = [(name, stores.configmaps.get(namespace, name)) for name in wanted.configmaps]
    secrets = [(name, stores.secrets.get(namespace, name)) for name in wanted.secrets]
    parts = [f"{name}{_epoch(found)}" for name, found in clusters]
    parts += [f"{name}{found.metadata.resource_version if found else ''}" for name, found in (*configmaps, *secrets)]
    changing = any(found is not None and _changing(found) for _, found in clusters)
    return Connected(
        clusters=tuple(found for _, found in clusters if found is not None),
        configmaps=tuple(found for _, found in configmaps if found is not None),
        secrets=tuple(found for _, found in secrets if found is not None),
        hash=None if changing else hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest(),
    )


def _epoch(cluster: KubeDirectorCluster | None) -> str:
    if cluster is None:
        return ""
    status = cluster.status
    if status is not None and status.kdasync is not None and status.kdasync.stamp == status.generation_uid:
        return str(status.kdasync.membership)
    epoch = status.spec_generation_to_process if status else None
    return "nil" if epoch is None else str(epoch)


def _changing(cluster: KubeDirectorCluster) -> bool:
    return cluster.status is None or cluster.status.state != "configured"
