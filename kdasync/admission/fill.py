"""The defaults of a cluster as a patch of what the user wrote.

On an update what is absent is first taken from the stored object, so that a manifest can be applied again after the app moved, the
default StorageClass changed or `defaultSecret` was added: none of that may look like a change of a role that has members.
Source: spec/kubedirector-api.md section 2.9 (C3, C8, C10, C15, C17, C18, C20) and 6.3 (F10).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from kdasync.admission import changes, find
from kdasync.admission.request import Change, Json, Request, pointer
from kdasync.admission.seal import Nonce, Sealed, Sealer
from kdasync.admission.shape import read
from kdasync.admission.world import Unknown, World
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render import keys
from kdasync.render.defaults import default_app, default_cluster

Cluster = clusters.KubeDirectorCluster


def fill(request: Request, world: World, nonce: Nonce) -> Sealed:
    """Patches of a create or an update; nothing for what is no cluster (the schema refuses that)."""
    try:
        cluster = read(request.object, Cluster)
        old = read(request.old, Cluster) if request.old is not None else None
    except DefinitionError:
        return Sealed((), ())
    document = request.object or {}
    restoring = old is None and restores(cluster)
    sealer = Sealer(world.config().master_encryption_key, nonce=nonce, stored=old, restoring=restoring)
    sealed = sealer.seal(cluster)
    made: tuple[Change, ...] = ()
    if restoring:
        made = tuple(_restore(document))
    elif old is None or keys.RESTORING not in cluster.metadata.labels:
        made = (*_marks(cluster, old), *_defaults(document, cluster, old, world))
    return Sealed((*made, *sealed.changes), sealed.findings)


def restores(cluster: Cluster) -> bool:
    """True if a new cluster comes from a backup: only the mark `true` says so, an export also carries `false`."""
    return cluster.metadata.annotations.get(keys.STATUS_BACKUP_EXISTS) == "true"


def _restore(document: Json) -> Iterator[Change]:
    labels = document["metadata"].get("labels")
    if not labels:
        yield Change("add", pointer("metadata", "labels"), {keys.RESTORING: ""})
    elif keys.RESTORING not in labels:
        yield Change("add", pointer("metadata", "labels", keys.RESTORING), "")


def _marks(cluster: Cluster, old: Cluster | None) -> Iterator[Change]:
    """A new cluster that was exported from a live one carries a mark that means nothing here."""
    if old is None and keys.STATUS_BACKUP_EXISTS in cluster.metadata.annotations:
        yield Change("remove", pointer("metadata", "annotations", keys.STATUS_BACKUP_EXISTS))


def _defaults(document: Json, cluster: Cluster, old: Cluster | None, world: World) -> Iterator[Change]:
    found = find.app_of(kept(cluster, old), world)
    spec: Json = document["spec"] if isinstance(document.get("spec"), dict) else {}
    if found is None or isinstance(found, Unknown):
        return
    default = world.default_storage_class()
    full = default_cluster(
        kept(cluster, old),
        default_app(found.app),
        world.config(),
        default_storage_class=None if isinstance(default, Unknown) else default,
        app_is_system=found.system,
    )
    for key in ("appCatalog", "serviceType", "namingScheme"):
        if spec.get(key) is None:
            yield Change("add", pointer("spec", key), msgspec.to_builtins(full.spec)[key])
    for index, role in enumerate(settle(full, cluster, old).spec.roles):
        yield from _role(spec["roles"][index], role, index)


def _role(given: Json, role: clusters.Role, index: int) -> Iterator[Change]:
    if given.get("members") is None and role.members is not None:
        yield Change("add", pointer("spec", "roles", index, "members"), role.members)
    storage = given.get("storage")
    if storage and storage.get("storageClassName") is None and role.storage and role.storage.storage_class_name:
        yield Change("add", pointer("spec", "roles", index, "storage", "storageClassName"), role.storage.storage_class_name)
    if given.get("secret") is None and role.secret:
        yield Change("add", pointer("spec", "roles", index, "secret"), msgspec.to_builtins(role.secret))


def kept(cluster: Cluster, old: Cluster | None) -> Cluster:
    """The cluster with what it leaves out taken from the stored one."""
    if old is None:
        return cluster
    stored = {role.id: role for role in old.spec.roles}
    roles = [_kept_class(role, stored.get(role.id)) for role in cluster.spec.roles]
    same_app = cluster.spec.app == old.spec.app
    catalog = cluster.spec.app_catalog or (old.spec.app_catalog if same_app else None)
    return replace(cluster, spec=replace(cluster.spec, app_catalog=catalog, roles=roles))


def _kept_class(role: clusters.Role, stored: clusters.Role | None) -> clusters.Role:
    if role.storage is None or role.storage.storage_class_name is not None or stored is None or stored.storage is None:
        return role
    return replace(role, storage=replace(role.storage, storage_class_name=stored.storage.storage_class_name))


def settle(full: Cluster, cluster: Cluster, old: Cluster | None) -> Cluster:
    """Roles with members keep the secret that they have where it came from the default; a new default waits until they are empty."""
    if old is None:
        return full
    live = changes.populated(old)
    stored = {role.id: role for role in old.spec.roles}
    roles = [
        replace(role, secret=_kept_secret(given, stored[role.id], old, role.secret))
        if role.id in live and role.id in stored
        else role
        for role, given in zip(full.spec.roles, cluster.spec.roles, strict=True)
    ]
    return replace(full, spec=replace(full.spec, roles=roles))


def _kept_secret(
    given: clusters.Role, stored: clusters.Role, old: Cluster, filled: clusters.SecretMount | None
) -> clusters.SecretMount | None:
    if given.secret is not None:
        return given.secret
    if stored.secret is None or stored.secret == old.spec.default_secret:
        return stored.secret
    return filled


def config_changes(document: Json, old: ConfigSpec | None, new_key: str) -> tuple[Change, ...]:
    """The defaults of the global config. Source: spec/kubedirector-api.md section 2.11."""
    spec: Any = document.get("spec")
    first = () if isinstance(spec, dict) else (Change("add", pointer("spec"), {}),)
    given = spec if isinstance(spec, dict) else {}
    values = {
        "defaultServiceType": "LoadBalancer",
        "nativeSystemdSupport": False,
        "clusterSvcDomainBase": ".svc.cluster.local",
        "defaultNamingScheme": "UID",
        "masterEncryptionKey": (old.master_encryption_key if old else None) or new_key,
        "backupClusterStatus": False,
        "allowRestoreWithoutConnections": False,
    }
    made = tuple(Change("add", pointer("spec", key), value) for key, value in values.items() if given.get(key) is None)
    return (*first, *made)
