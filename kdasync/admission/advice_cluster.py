"""What is legal in a cluster but seldom meant. Each is a warning, never a refusal: KubeDirector let all of it pass."""

from __future__ import annotations

from collections.abc import Iterator

from kdasync.admission.world import Lookup, World
from kdasync.api import cluster as clusters
from kdasync.errors import DefinitionError

Cluster = clusters.KubeDirectorCluster
_MODE = 0o7777


def advise(cluster: Cluster, old: Cluster | None, world: World) -> Iterator[DefinitionError]:
    """Everything to think about in a defaulted cluster."""
    yield from _connections(cluster, world)
    for index, role in enumerate(cluster.spec.roles):
        field = f"spec.roles[{index}]"
        yield from _devices(role, field, world)
        yield from _modes(role, field)
    if old is None:
        if cluster.status is not None:
            yield DefinitionError(
                "is ignored.", field="status", remedy="Leave it out: the operator writes it.", reason="StatusIgnored"
            )
        return
    yield from _updated(cluster, old)


def _connections(cluster: Cluster, world: World) -> Iterator[DefinitionError]:
    wanted, space, own = cluster.spec.connections, cluster.metadata.namespace, cluster.metadata.name
    groups = (("secrets", wanted.secrets), ("configmaps", wanted.configmaps), ("kubedirectorclusters", wanted.clusters))
    for resource, names in groups:
        key = "clusters" if resource == "kubedirectorclusters" else resource
        for index, name in enumerate(names):
            field = f"spec.connections.{key}[{index}]"
            if key == "clusters" and name == own:
                yield DefinitionError("a cluster knows itself anyway.", field=field, remedy="Remove it.", reason="SelfConnection")
            elif world.thing(Lookup(resource, space, name)) is None:
                yield DefinitionError(
                    f"there is no {name}: members see nothing of it.",
                    field=field,
                    remedy="Create it, or correct the name.",
                    reason="ConnectionMissing",
                )
    if own in _reached(cluster, world):
        yield DefinitionError(
            "these clusters are connected in a circle.",
            field="spec.connections.clusters",
            remedy="Each change of one runs the scripts of all of them; leave one connection out if you can.",
            reason="ConnectionCircle",
        )


def _reached(cluster: Cluster, world: World) -> set[str]:
    """Names of the clusters that are reached over others, this one's own name left out at the first step."""
    space = cluster.metadata.namespace
    if not cluster.spec.connections.clusters:
        return set()
    known = {item.metadata.name: item.spec.connections.clusters for item in world.clusters() if item.metadata.namespace == space}
    todo = [name for name in cluster.spec.connections.clusters if name != cluster.metadata.name]
    seen: set[str] = set()
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen and name != cluster.metadata.name:
            seen.add(name)
            following = known.get(name, [])
            reached.update(following)
            todo += following
    return reached


def _devices(role: clusters.Role, field: str, world: World) -> Iterator[DefinitionError]:
    name = role.block_storage.storage_class_name if role.block_storage else ""
    if name and world.thing(Lookup("storageclasses", "", name)) is None:
        yield DefinitionError(
            f"there is no StorageClass {name}: members will wait for it.",
            field=f"{field}.blockStorage.storageClassName",
            remedy="Create it, or name one that exists.",
            reason="ConnectionMissing",
        )


def _modes(role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    for index, injection in enumerate(role.file_injections):
        mode = injection.permissions.file_mode if injection.permissions else None
        if mode is not None and (not 0 <= mode <= _MODE or _digits_meant(mode)):
            yield DefinitionError(
                f"{mode} is mode {mode & _MODE:04o}.",
                field=f"{field}.fileInjections[{index}].permissions.fileMode",
                remedy="The number is decimal: write 420 for 0644, 493 for 0755.",
                reason="DecimalMode",
            )


def _digits_meant(mode: int) -> bool:
    """True for 644, 755 and the like, which were meant as octal."""
    text = str(mode)
    return len(text) == len("644") and text[0] in "4567" and set(text) <= set("04567")


def _updated(cluster: Cluster, old: Cluster) -> Iterator[DefinitionError]:
    if old.spec.naming_scheme and cluster.spec.naming_scheme != old.spec.naming_scheme:
        yield DefinitionError(
            "objects that exist keep their names.",
            field="spec.namingScheme",
            remedy="Only what is made from now on is named by the new scheme.",
            reason="NamingMixed",
        )
    yield from _deferred(cluster, old)


def _deferred(cluster: Cluster, old: Cluster) -> Iterator[DefinitionError]:
    default, stored = cluster.spec.default_secret, {role.id: role for role in old.spec.roles}
    if default is None or default == old.spec.default_secret:
        return
    for index, role in enumerate(cluster.spec.roles):
        before = stored.get(role.id)
        if before and role.secret == before.secret and role.secret in (None, old.spec.default_secret):
            yield DefinitionError(
                f"role {role.id} has members and keeps what it mounts.",
                field=f"spec.roles[{index}].secret",
                remedy="The new defaultSecret applies when the role has been emptied and filled again.",
                reason="SecretDeferred",
            )
