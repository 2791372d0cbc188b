"""A member's claim belongs to its cluster, so that it goes with it.

Only a claim that the cluster's own StatefulSets make: its name ends as their pods do. A claim that merely carries the label stays
its owner's. References that are there stay. Source: spec/kubedirector-api.md section 2.13, without F9d and F13.
"""

from __future__ import annotations

import re

import msgspec

from kdasync.admission.request import Change, Request, pointer
from kdasync.admission.shape import read
from kdasync.admission.world import World
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.meta import Object
from kdasync.errors import DefinitionError
from kdasync.render import keys, names
from kdasync.render.metadata import owner_reference
from kdasync.render.view import stateful_set_name

_MEMBER = re.compile(r"(?:p|b\d+)-(?P<set>.+)-\d+")


def fill(request: Request, world: World) -> tuple[Change, ...]:
    """The owner reference as a patch."""
    try:
        claim = read(request.object, Object)
    except DefinitionError:
        return ()
    match = _MEMBER.fullmatch(claim.metadata.name)
    cluster = _cluster(claim.metadata.labels.get(keys.CLUSTER, ""), request.namespace, world)
    if match is None or cluster is None or match["set"] not in _sets(cluster):
        return ()
    reference = owner_reference(cluster)
    present = claim.metadata.owner_references
    if any(owner.uid == cluster.metadata.uid for owner in present):
        return ()
    return (Change("add", pointer("metadata", "ownerReferences"), [*msgspec.to_builtins(present), reference]),)


def _cluster(name: str, namespace: str, world: World) -> KubeDirectorCluster | None:
    found = (item for item in world.clusters() if (item.metadata.namespace, item.metadata.name) == (namespace, name))
    return next(found, None) if name else None


def _sets(cluster: KubeDirectorCluster) -> set[str]:
    roles = {role.id for role in cluster.spec.roles} | {role.id for role in (cluster.status.roles if cluster.status else [])}
    return {stateful_set_name(cluster, role) for role in roles} | {names.stateful_set(cluster, role) for role in roles}
