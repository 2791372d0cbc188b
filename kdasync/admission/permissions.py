"""What members may see or run with must be within the rights of the one who writes the cluster.

Why: the operator acts for the user. Without these questions whoever may create a cluster could run pods under any service account of
the namespace, and read any Secret or claim. Only `allowed` counts, and only what an update adds is asked.
Source: spec/kubedirector-api.md 6.2 (F6, F7); security-observability.md 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kdasync.admission.world import Permission, World
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.errors import DefinitionError
from kdasync.render import keys


class Use(msgspec.Struct, frozen=True):
    """A right that a cluster needs, and the field that asks for it."""

    permission: Permission
    field: str


def uses(cluster: KubeDirectorCluster) -> Iterator[Use]:
    """Every right that a cluster needs, field by field."""
    spec, space = cluster.spec, cluster.metadata.namespace
    if spec.default_secret:
        yield _get("secrets", space, spec.default_secret.name, "spec.defaultSecret.name")
    for number, role in enumerate(spec.roles):
        field = f"spec.roles[{number}]"
        if role.service_account_name:
            yield _get("serviceaccounts", space, role.service_account_name, f"{field}.serviceAccountName")
            yield Use(Permission("create", "", "pods", space), f"{field}.serviceAccountName")
        if role.secret:
            yield _get("secrets", space, role.secret.name, f"{field}.secret.name")
        for index, projection in enumerate(role.volume_projections):
            yield _get("persistentvolumeclaims", space, projection.pvc_name, f"{field}.volumeProjections[{index}].pvcName")
    for resource, names in (("secrets", spec.connections.secrets), ("configmaps", spec.connections.configmaps)):
        for index, name in enumerate(names):
            yield _get(resource, space, name, f"spec.connections.{resource}[{index}]")
    for index, name in enumerate(spec.connections.clusters):
        permission = Permission("get", keys.GROUP, "kubedirectorclusters", space, name)
        yield Use(permission, f"spec.connections.clusters[{index}]")


def check(cluster: KubeDirectorCluster, old: KubeDirectorCluster | None, world: World) -> Iterator[DefinitionError]:
    """Rights that the one who asks lacks."""
    known = {use.permission for use in uses(old)} if old else set()
    asked: set[Permission] = set()
    for use in uses(cluster):
        wanted = use.permission
        if wanted in known or wanted in asked:
            continue
        asked.add(wanted)
        if world.may(wanted) is False:
            what = f"{wanted.resource} {wanted.name}".strip()
            yield DefinitionError(
                f"you may not {wanted.verb} {what} in namespace {wanted.namespace}.",
                field=use.field,
                remedy="Ask an administrator for that right, or name another object.",
                reason="NotPermitted",
            )


def _get(resource: str, namespace: str, name: str, field: str) -> Use:
    return Use(Permission("get", "", resource, namespace, name), field)
