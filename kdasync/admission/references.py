"""What a cluster names must exist, be usable, and be the user's to use.

Source: spec/kubedirector-api.md section 2.9 (C14, C15, C16, C19, C20, C22) and 6.2 (F6, F7, F9e), 6.4 (F18, F20). No rule makes a
request to an address that a user wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from kdasync.admission.world import Lookup, Thing, World
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render import keys

RESERVED = frozenset({keys.CLUSTER, keys.APP, keys.APP_CATALOG, keys.ROLE, keys.HEADLESS, keys.POD_NAME})
_SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


def check(cluster: clusters.KubeDirectorCluster, world: World) -> Iterator[DefinitionError]:
    """Everything about a defaulted cluster that depends on other objects, or on the config."""
    config = world.config()
    for index, role in enumerate(cluster.spec.roles):
        field = f"spec.roles[{index}]"
        yield from _storage(role, field, world)
        yield from _account(cluster, role, field, world)
        yield from _memory(role, field, config)
        yield from _injections(role, field)
        yield from reserved(role.pod_labels, f"{field}.podLabels")
        yield from reserved(role.service_labels, f"{field}.serviceLabels")
    yield from _secrets(cluster, config, world)
    yield from _claims(cluster, world)


def reserved(labels: dict[str, str] | None, field: str) -> Iterator[DefinitionError]:
    """Labels that would take pods and services away from their cluster."""
    for key in RESERVED.intersection(labels or {}):
        yield DefinitionError(f"{key} is set by the operator.", field=f"{field}[{key}]", remedy="Remove it.", reason="ReservedKey")


def _storage(role: clusters.Role, field: str, world: World) -> Iterator[DefinitionError]:
    if role.storage is None:
        return
    name = role.storage.storage_class_name
    if not name:
        if world.default_storage_class() is None:
            yield DefinitionError(
                "there is no default StorageClass.",
                field=f"{field}.storage.storageClassName",
                remedy="Name a class, or set defaultStorageClassName in the KubeDirectorConfig.",
                reason="NoStorageClass",
            )
    elif world.thing(Lookup("storageclasses", "", name)) is None:
        yield DefinitionError(
            f"there is no StorageClass {name}.",
            field=f"{field}.storage.storageClassName",
            remedy="Name one that exists (`kubectl get storageclass`).",
            reason="NoStorageClass",
        )


def _account(cluster: clusters.KubeDirectorCluster, role: clusters.Role, field: str, world: World) -> Iterator[DefinitionError]:
    name, space = role.service_account_name, cluster.metadata.namespace
    if name and world.thing(Lookup("serviceaccounts", space, name)) is None:
        yield _missing("ServiceAccount", name, space, f"{field}.serviceAccountName")


def _memory(role: clusters.Role, field: str, config: ConfigSpec) -> Iterator[DefinitionError]:
    if role.shared_memory and config.force_shared_memory_size_support is False:
        yield DefinitionError(
            "shared memory sizes are switched off.",
            field=f"{field}.sharedMemory",
            remedy="Remove it, or remove forceSharedMemorySizeSupport from the KubeDirectorConfig.",
            reason="SharedMemoryOff",
        )


def _injections(role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    for index, injection in enumerate(role.file_injections):
        if not fetchable(injection.src_url):
            yield DefinitionError(
                f"{injection.src_url[:80]!r} is no URL.",
                field=f"{field}.fileInjections[{index}].srcURL",
                remedy="Write http:// or https:// with a host and a path.",
                reason="InvalidUrl",
            )


def fetchable(url: str) -> bool:
    """True if a member could try to fetch it; nobody does so here."""
    try:
        parts = urlsplit(url)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        return False
    clean = all(character.isprintable() and not character.isspace() for character in url)
    return usable and clean and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _secrets(cluster: clusters.KubeDirectorCluster, config: ConfigSpec, world: World) -> Iterator[DefinitionError]:
    spec, space = cluster.spec, cluster.metadata.namespace
    prefix = config.required_secret_prefix or ""
    named = [("spec.defaultSecret.name", spec.default_secret.name)] if spec.default_secret else []
    named += [
        (f"spec.roles[{index}].secret.name", role.secret.name)
        for index, role in enumerate(spec.roles)
        if role.secret and role.secret != spec.default_secret
    ]
    for field, name in named:
        yield from _prefixed(name, prefix, field)
        if world.thing(Lookup("secrets", space, name)) is None:
            yield _missing("Secret", name, space, field)
    for index, name in enumerate(spec.connections.secrets):
        yield from _prefixed(name, prefix, f"spec.connections.secrets[{index}]")


def _prefixed(name: str, prefix: str, field: str) -> Iterator[DefinitionError]:
    if not name.startswith(prefix):
        yield DefinitionError(
            f"Secret {name} may not be used.",
            field=field,
            remedy=f"Name one that starts with {prefix!r} (requiredSecretPrefix of the KubeDirectorConfig).",
            reason="SecretPrefix",
        )


def _claims(cluster: clusters.KubeDirectorCluster, world: World) -> Iterator[DefinitionError]:
    space = cluster.metadata.namespace
    users: dict[str, int] = {}
    for number, role in enumerate(cluster.spec.roles):
        counted: set[str] = set()
        for index, projection in enumerate(role.volume_projections):
            field, name = f"spec.roles[{number}].volumeProjections[{index}].pvcName", projection.pvc_name
            found = world.thing(Lookup("persistentvolumeclaims", space, name))
            if found is None:
                yield _missing("PersistentVolumeClaim", name, space, field)
            elif isinstance(found, Thing):
                yield from _filesystem(found, name, field)
                if name not in counted and not _SHARED.intersection(found.access_modes):
                    counted.add(name)
                    users[name] = users.get(name, 0) + (role.members or 0)
    for name, members in users.items():
        if members > 1:
            yield DefinitionError(
                f"claim {name} would be mounted by {members} members, but it cannot be shared.",
                field="spec.roles",
                remedy="Use a claim with access mode ReadWriteMany or ReadOnlyMany, or one member.",
                reason="ClaimNotShared",
            )


def _filesystem(claim: Thing, name: str, field: str) -> Iterator[DefinitionError]:
    if claim.volume_mode not in (None, "", "Filesystem"):
        yield DefinitionError(
            f"claim {name} is a raw device.", field=field, remedy="Use a claim with volumeMode Filesystem.", reason="ClaimMode"
        )


def _missing(kind: str, name: str, namespace: str, field: str) -> DefinitionError:
    return DefinitionError(
        f"there is no {kind} {name} in namespace {namespace}.",
        field=field,
        remedy="Create it first, or correct the name.",
        reason="NotFound",
    )
