"""What may not change once a cluster exists, each with what to do instead.

Role properties stay while the role has members: their pods were made from them. Everything is compared after defaults, as it would
be stored, so an unchanged manifest is never a change. Source: spec/kubedirector-api.md section 2.9 (C4, C23) and 6.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kdasync.admission.equal import plain_role, plain_spec
from kdasync.api import cluster as clusters
from kdasync.errors import DefinitionError
from kdasync.render import keys


def populated(cluster: clusters.KubeDirectorCluster) -> frozenset[str]:
    """Roles that have, or still have, members: those that the status records."""
    return frozenset(role.id for role in (cluster.status.roles if cluster.status else []) if role.id)


def check(new: clusters.KubeDirectorCluster, old: clusters.KubeDirectorCluster) -> Iterator[DefinitionError]:
    """Changes that are refused."""
    restoring = keys.RESTORING in old.metadata.labels and keys.RESTORING in new.metadata.labels
    if restoring and plain_spec(new.spec) != plain_spec(old.spec):
        yield DefinitionError(
            "the cluster is being restored.",
            field="spec",
            remedy=f"Wait until the restore has ended, or remove the label {keys.RESTORING} first.",
            reason="Restoring",
        )
    for name, before, now in (
        ("app", old.spec.app, new.spec.app),
        ("appCatalog", old.spec.app_catalog or new.spec.app_catalog, new.spec.app_catalog),
    ):
        if before != now:
            yield DefinitionError(
                f"{before!r} cannot become {now!r}.",
                field=f"spec.{name}",
                remedy="Create a new cluster, and delete this one when it is no longer needed.",
                reason="Immutable",
            )
    yield from _roles(new, old)


def _roles(new: clusters.KubeDirectorCluster, old: clusters.KubeDirectorCluster) -> Iterator[DefinitionError]:
    known = {role.id: role for role in old.spec.roles}
    live = populated(old)
    for index, role in enumerate(new.spec.roles):
        field = f"spec.roles[{index}]"
        if role.id not in live:
            continue
        before = known.get(role.id)
        if before is None:
            yield DefinitionError(
                f"role {role.id} is still being removed.",
                field=field,
                remedy="Add it again when its last member is gone from the status.",
                reason="RoleLeaving",
            )
            continue
        for name in changed(role, before):
            yield DefinitionError(
                f"cannot change while role {role.id} has members.",
                field=f"{field}.{name}",
                remedy="Set its members to 0 and wait until they are gone from the status, then change it; "
                "or create a new cluster.",
                reason="RoleInUse",
            )


def changed(role: clusters.Role, before: clusters.Role) -> list[str]:
    """Wire names of the properties that differ, but for the number of members, and a class that only now is written down."""
    now, then = (plain_role(replace(item, members=None)) for item in (role, before))
    if now.storage and then.storage and then.storage.storage_class_name is None:
        then = replace(then, storage=replace(then.storage, storage_class_name=now.storage.storage_class_name))
    return [field.encode_name for field in msgspec.structs.fields(now) if getattr(now, field.name) != getattr(then, field.name)]
