"""What a role is rendered from: cluster, app and global config, with the look-ups that every renderer needs.

Expects defaulted input (`render/defaults.py`). A name that the status records wins over the derived one, so that an object of a
cluster made by KubeDirector is made again under its old name.
"""

from __future__ import annotations

import msgspec

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render import names


class Port(msgspec.Struct, frozen=True):
    """A port that a role exposes; `service` is the id of the app's service."""

    service: str
    number: int
    scheme: str = ""
    token: bool = False

    @property
    def name(self) -> str:
        """Name of the port in a member service."""
        return f"{self.scheme.lower() or 'generic'}-{self.service}"


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """One role of one cluster.

    Attributes:
        stateful_set, headless: names of the StatefulSet and of the headless service.
        ports: in the order of the app's services.
        policy: how kdasync runs the role; all defaults if the app says nothing.
    """

    cluster: clusters.KubeDirectorCluster
    app: apps.KubeDirectorApp
    config: ConfigSpec
    role: clusters.Role
    app_role: apps.Role
    policy: apps.RolePolicy
    ports: tuple[Port, ...]
    stateful_set: str
    headless: str

    @property
    def package(self) -> apps.SetupPackage | None:
        """The role's setup package, if it has one."""
        package = self.app_role.config_package
        return package if isinstance(package, apps.SetupPackage) else None


def role_view(cluster: clusters.KubeDirectorCluster, app: apps.KubeDirectorApp, config: ConfigSpec, role_id: str) -> RoleView:
    """The view of one role.

    Raises:
        DefinitionError: the cluster's spec or the app has no such role.
    """
    role = next((role for role in cluster.spec.roles if role.id == role_id), None)
    app_role = next((role for role in app.spec.roles if role.id == role_id), None)
    if role is None or app_role is None:
        raise DefinitionError(
            f"role {role_id!r} is not in both the cluster and the app {app.metadata.name!r}.",
            field="spec.roles",
            remedy="Use the role ids that the app defines.",
            reason="UnknownRole",
        )
    return RoleView(
        cluster=cluster,
        app=app,
        config=config,
        role=role,
        app_role=app_role,
        policy=role_policy(app, role_id),
        ports=ports(app, role_id),
        stateful_set=stateful_set_name(cluster, role_id),
        headless=headless_name(cluster),
    )


def role_policy(app: apps.KubeDirectorApp, role_id: str) -> apps.RolePolicy:
    """The app's policy for a role."""
    policies = app.spec.kdasync.roles if app.spec.kdasync else []
    return next((policy for policy in policies if policy.id == role_id), apps.RolePolicy(id=role_id))


def ports(app: apps.KubeDirectorApp, role_id: str) -> tuple[Port, ...]:
    """What a role exposes: its services that have an endpoint."""
    wanted = next((entry.service_ids for entry in app.spec.config.role_services if entry.role_id == role_id), [])
    return tuple(
        Port(service.id, service.endpoint.port, service.endpoint.url_scheme, service.endpoint.has_auth_token)
        for service in app.spec.services
        if service.id in wanted and service.endpoint and service.endpoint.port
    )


def stateful_set_name(cluster: clusters.KubeDirectorCluster, role_id: str) -> str:
    """The recorded name, else the derived one."""
    recorded = cluster.status.roles if cluster.status else []
    name = next((role.stateful_set for role in recorded if role.id == role_id), "")
    return name or names.stateful_set(cluster, role_id)


def headless_name(cluster: clusters.KubeDirectorCluster) -> str:
    """The recorded name, else the derived one."""
    return (cluster.status.cluster_service if cluster.status else "") or names.headless_service(cluster)
