"""A cluster: what is refused and what is warned of, once the defaults are in.

What an update leaves as it was never blocks it: a finding that the stored cluster has as well becomes a warning.
Source: spec/kubedirector-api.md section 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kdasync.admission import advice_cluster, changes, find, permissions, references
from kdasync.admission.equal import plain_spec
from kdasync.admission.fill import restores
from kdasync.admission.request import Request
from kdasync.admission.seal import clear_values
from kdasync.admission.shape import read, too_large
from kdasync.admission.world import Unknown, World
from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.errors import DefinitionError
from kdasync.render import keys
from kdasync.render.check_amounts import check_minima
from kdasync.render.checks import check_cluster
from kdasync.render.defaults import default_app

Cluster = clusters.KubeDirectorCluster
_ROLE = re.compile(r"spec\.roles\[(\d+)\]")


class Found(msgspec.Struct, frozen=True):
    """What is wrong with a write, and what was wrong before it."""

    new: tuple[DefinitionError, ...] = ()
    known: tuple[DefinitionError, ...] = ()


def check(request: Request, world: World) -> Found:
    """Why a cluster may not be written as it is."""
    if request.object is None:
        return Found()
    cluster = read(request.object, Cluster)
    old = read(request.old, Cluster) if request.old is not None else None
    if old is None:
        return Found(tuple(_created(cluster, world)))
    found = tuple(_frozen(cluster, old, request, world))
    same = plain_spec(cluster.spec) == plain_spec(old.spec)
    resumed = keys.RESTORING in old.metadata.labels and keys.RESTORING not in cluster.metadata.labels
    if same and not resumed:
        return Found(found)
    fixed = tuple(changes.check(cluster, old))
    before = {} if resumed else {_identity(error, old): error for error in standing(old, world)}
    now = tuple(standing(_with_status(cluster, old), world))
    return Found(
        (
            *found,
            *fixed,
            *(error for error in now if _identity(error, cluster) not in before),
            *permissions.check(cluster, old, world),
        ),
        tuple(error for error in now if _identity(error, cluster) in before),
    )


def _created(cluster: Cluster, world: World) -> Iterator[DefinitionError]:
    if restores(cluster):
        yield from clear_values(cluster)
        return
    yield from standing(cluster, world)
    yield from permissions.check(cluster, None, world)


def standing(cluster: Cluster, world: World) -> Iterator[DefinitionError]:
    """Rules that look at one cluster and its surroundings, whatever it was before."""
    yield from clear_values(cluster)
    yield from _numbers(cluster)
    yield from references.check(cluster, world)
    found = find.app_of(cluster, world)
    if found is None:
        yield _no_app(cluster, world)
    elif not isinstance(found, Unknown):
        app = default_app(found.app)
        yield from check_cluster(cluster, app, world.config())
        yield from _minima(cluster, app)


def _minima(cluster: Cluster, app: apps.KubeDirectorApp) -> Iterator[DefinitionError]:
    """Fractions of a minimum: what the shared rule rounds away."""
    rules = {role.id: role for role in app.spec.roles}
    for index, role in enumerate(cluster.spec.roles):
        if rule := rules.get(role.id):
            field = f"spec.roles[{index}]"
            rough = {error.field for error in check_minima(role, rule, field)}
            yield from (error for error in check_minima(role, rule, field, exact=True) if error.field not in rough)


def _numbers(cluster: Cluster) -> Iterator[DefinitionError]:
    for index, role in enumerate(cluster.spec.roles):
        field = f"spec.roles[{index}]"
        yield from too_large(role.members, f"{field}.members")
        for number, injection in enumerate(role.file_injections):
            mode = injection.permissions.file_mode if injection.permissions else None
            yield from too_large(mode, f"{field}.fileInjections[{number}].permissions.fileMode")


def _no_app(cluster: Cluster, world: World) -> DefinitionError:
    home, catalog = cluster.metadata.namespace, cluster.spec.app_catalog
    places = {"local": [home], "system": [world.namespace]}.get(catalog or "", [home, world.namespace])
    return DefinitionError(
        f"there is no KubeDirectorApp {cluster.spec.app!r} in namespace {' or '.join(dict.fromkeys(places))}.",
        field="spec.app",
        remedy="Create the app first, or correct the name (`kubectl get kdapp -A`).",
        reason="AppNotFound",
    )


def _frozen(cluster: Cluster, old: Cluster, request: Request, world: World) -> Iterator[DefinitionError]:
    """The mark of a restore stops everything that is done for a cluster: only the operator sets it on a live one."""
    added = keys.RESTORING in cluster.metadata.labels and keys.RESTORING not in old.metadata.labels
    if added and request.user.username not in world.operators:
        yield DefinitionError(
            "only a restore sets this label.",
            field=f"metadata.labels[{keys.RESTORING}]",
            remedy="Remove it. To stop the operator's work on a cluster, set spec.kdasync.paused.",
            reason="RestoreMark",
        )


def _identity(error: DefinitionError, cluster: Cluster) -> tuple[str, str, str]:
    """A finding, whatever the order of the roles."""
    match = _ROLE.match(error.field)
    if match is None or int(match[1]) >= len(cluster.spec.roles):
        return error.reason, error.field, error.message
    return error.reason, error.field.replace(match[0], f"spec.roles[{cluster.spec.roles[int(match[1])].id}]"), error.message


def _with_status(cluster: Cluster, old: Cluster) -> Cluster:
    """Names that were recorded count, also if the writer left the status out."""
    return replace(cluster, status=old.status)


def advise(request: Request, world: World) -> Iterator[DefinitionError]:
    """What is legal but wrong."""
    if request.object is not None:
        old = read(request.old, Cluster) if request.old is not None else None
        yield from advice_cluster.advise(read(request.object, Cluster), old, world)
