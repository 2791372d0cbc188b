"""What makes an app or a cluster unusable, each finding with its field and a remedy. Pure; expects defaulted input.

Why here and not only in the webhook: the operator works with the webhook off, and an object may have been stored before its app
changed. A finding becomes a condition; nothing is created for such a cluster, and nothing of it is taken away.
Source: spec/kubedirector-api.md sections 2.8 (A1-A11), 2.9 (C10, C11) and 6.4 (F18, F21, F22: what KubeDirector accepts, but
Kubernetes does not).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render.check_role import check_role
from kdasync.render.defaults import cardinality
from kdasync.render.quantity import quantity

MEMBERS = 1000  # of one cluster
_LABEL_VALUE = 63


def check_app(app: apps.KubeDirectorApp) -> tuple[DefinitionError, ...]:
    """Everything that is wrong with an app."""
    return (*_app_identities(app.spec), *_references(app.spec), *_app_roles(app.spec), *_app_services(app.spec))


def check_cluster(
    cluster: clusters.KubeDirectorCluster, app: apps.KubeDirectorApp, config: ConfigSpec | None = None
) -> tuple[DefinitionError, ...]:
    """Everything that keeps a cluster of a sound app from running."""
    return (
        *_name(cluster),
        *_unique((role.id for role in cluster.spec.roles), field="spec.roles", what="role"),
        *_known(cluster.spec, app),
        *_mandatory(cluster.spec, app),
        *_counts(cluster.spec, app),
        *_total(cluster.spec),
        *(
            error
            for index, role in enumerate(cluster.spec.roles)
            for error in check_role(cluster, app, config or ConfigSpec(), role=role, field=f"spec.roles[{index}]")
        ),
    )


def _app_identities(spec: apps.AppSpec) -> Iterator[DefinitionError]:
    yield from _unique((role.id for role in spec.roles), field="spec.roles", what="role")
    yield from _unique((service.id for service in spec.services), field="spec.services", what="service")
    yield from _unique(spec.config.selected_roles, field="spec.config.selectedRoles", what="role")
    yield from _unique((entry.role_id for entry in spec.config.role_services), field="spec.config.roleServices", what="role")


def _references(spec: apps.AppSpec) -> Iterator[DefinitionError]:
    roles = [role.id for role in spec.roles]
    services = [service.id for service in spec.services]
    for index, entry in enumerate(spec.config.role_services):
        field = f"spec.config.roleServices[{index}]"
        yield from _among([entry.role_id], roles, field=f"{field}.roleID", what="role")
        yield from _among(entry.service_ids, services, field=f"{field}.serviceIDs", what="service")
    yield from _among(spec.config.selected_roles, roles, field="spec.config.selectedRoles", what="role")


def _app_roles(spec: apps.AppSpec) -> Iterator[DefinitionError]:
    for index, role in enumerate(spec.roles):
        field = f"spec.roles[{index}]"
        yield from _cardinality(role, field)
        if not role.image_repo_tag:
            yield DefinitionError(
                f"role {role.id} has no image.",
                field=f"{field}.imageRepoTag",
                remedy="Set it, or spec.defaultImageRepoTag for all roles.",
                reason="NoImage",
            )
        if role.container_spec and role.container_spec.tty and not role.container_spec.stdin:
            yield DefinitionError(
                f"role {role.id} wants a terminal without stdin.",
                field=f"{field}.containerSpec.tty",
                remedy="Set stdin to true as well.",
                reason="TerminalWithoutInput",
            )
        yield from _persist_dirs(role, field)
        if role.min_storage and quantity(role.min_storage.size) is None:
            yield DefinitionError(
                f"{role.min_storage.size!r} is no size.",
                field=f"{field}.minStorage.size",
                remedy="Write a quantity such as 10Gi.",
                reason="InvalidSize",
            )


def _persist_dirs(role: apps.Role, field: str) -> Iterator[DefinitionError]:
    for path in role.persist_dirs or []:
        if posixpath.normpath(f"/{path.lstrip('/')}") == "/":
            yield DefinitionError(
                f"{path!r} is the root directory.",
                field=f"{field}.persistDirs",
                remedy="Name the directories to keep instead.",
                reason="InvalidDirectory",
            )


def _cardinality(role: apps.Role, field: str) -> Iterator[DefinitionError]:
    try:
        cardinality(role.cardinality)
    except DefinitionError as error:
        yield DefinitionError(error.message, field=f"{field}.cardinality", remedy=error.remedy, reason="InvalidCardinality")


def _app_services(spec: apps.AppSpec) -> Iterator[DefinitionError]:
    for index, service in enumerate(spec.services):
        if service.endpoint and service.endpoint.is_dashboard and not service.endpoint.url_scheme:
            yield DefinitionError(
                f"dashboard {service.id} has no URL scheme.",
                field=f"spec.services[{index}].endpoint.urlScheme",
                remedy="Set it, for example to http.",
                reason="NoScheme",
            )


def _name(cluster: clusters.KubeDirectorCluster) -> Iterator[DefinitionError]:
    name = cluster.metadata.name
    if len(name) > _LABEL_VALUE:
        yield DefinitionError(
            f"{len(name)} characters are too long for a label.",
            field="metadata.name",
            remedy=f"Use a name of at most {_LABEL_VALUE} characters.",
            reason="NameTooLong",
        )


def _known(spec: clusters.ClusterSpec, app: apps.KubeDirectorApp) -> Iterator[DefinitionError]:
    known = [role.id for role in app.spec.roles]
    for index, role in enumerate(spec.roles):
        yield from _among([role.id], known, field=f"spec.roles[{index}].id", what="role", reason="UnknownRole")


def _mandatory(spec: clusters.ClusterSpec, app: apps.KubeDirectorApp) -> Iterator[DefinitionError]:
    given = {role.id for role in spec.roles}
    for role in app.spec.roles:
        if role.id in app.spec.config.selected_roles and role.id not in given and _minimum(role) > 0:
            yield DefinitionError(
                f"role {role.id} is missing.",
                field="spec.roles",
                remedy=f"Add it with {role.cardinality} members.",
                reason="MissingRole",
            )


def _counts(spec: clusters.ClusterSpec, app: apps.KubeDirectorApp) -> Iterator[DefinitionError]:
    rules = {role.id: role for role in app.spec.roles}
    for index, role in enumerate(spec.roles):
        rule = rules.get(role.id)
        if rule and role.members is not None and not _allowed(rule, role.members):
            yield DefinitionError(
                f"role {role.id} has {role.members} members, the app allows {rule.cardinality}.",
                field=f"spec.roles[{index}].members",
                remedy=f"Ask for {_wording(rule)}.",
                reason="CardinalityBroken",
            )


def _total(spec: clusters.ClusterSpec) -> Iterator[DefinitionError]:
    total = sum(role.members or 0 for role in spec.roles)
    if total > MEMBERS:
        yield DefinitionError(
            f"{total} members are too many.",
            field="spec.roles",
            remedy=f"Ask for at most {MEMBERS} in all roles together.",
            reason="TooManyMembers",
        )


def _allowed(rule: apps.Role, members: int) -> bool:
    try:
        wanted = cardinality(rule.cardinality)
    except DefinitionError:
        return True  # the app is to blame, and check_app says so
    return members >= wanted.minimum if wanted.scalable else members == wanted.minimum


def _minimum(rule: apps.Role) -> int:
    try:
        return cardinality(rule.cardinality).minimum
    except DefinitionError:
        return 0


def _wording(rule: apps.Role) -> str:
    wanted = cardinality(rule.cardinality)
    return f"{wanted.minimum} or more" if wanted.scalable else f"exactly {wanted.minimum}"


def _unique(ids: Iterable[str], *, field: str, what: str) -> Iterator[DefinitionError]:
    for name in (name for name, times in Counter(ids).items() if times > 1):
        yield DefinitionError(f"{what} {name} is given twice.", field=field, remedy="Remove one of them.", reason="Duplicate")


def _among(
    ids: Iterable[str], known: list[str], *, field: str, what: str, reason: str = "UnknownReference"
) -> Iterator[DefinitionError]:
    for name in ids:
        if name not in known:
            choice = ", ".join(known) or "none"
            yield DefinitionError(
                f"{what} {name!r} is not defined.", field=field, remedy=f"Defined by the app: {choice}.", reason=reason
            )
