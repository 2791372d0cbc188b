"""Admission defaults as pure functions: the webhook writes them into the stored object, reconcile applies them to what it reads.

Why both: the operator works with the webhook off, and objects stored before a default existed behave as if it had. Each function is
idempotent and never raises; what cannot be defaulted stays absent and `render/checks.py` names it.
Source: spec/kubedirector-api.md sections 2.8 and 2.9 (steps C8, C10, C15, C17, C18, C20).
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError

_T = TypeVar("_T")
LOG_SIZE = 256  # characters of a failed script's output that go to status


class Cardinality(NamedTuple):
    """`N` is exactly that many members, `N+` (scalable) is that many or more."""

    minimum: int
    scalable: bool


def cardinality(text: str) -> Cardinality:
    """A role's cardinality.

    Raises:
        DefinitionError: `text` is neither `N` nor `N+`.
    """
    digits = text.removesuffix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise DefinitionError(
            f"{text!r} is no cardinality.",
            field="spec.roles.cardinality",
            remedy="Write N for exactly N members, N+ for N or more.",
        )
    return Cardinality(int(digits[:18]), text.endswith("+"))


def default_app(app: apps.KubeDirectorApp) -> apps.KubeDirectorApp:
    """The app with its `default*` keys folded into the roles."""
    spec = app.spec
    folded = replace(
        spec,
        roles=[_app_role(role, spec) for role in spec.roles],
        default_image_repo_tag=None,
        default_config_package=msgspec.UNSET,
        default_max_log_size_dump=None,
        default_persist_dirs=None,
        default_event_list=None,
    )
    return replace(app, spec=folded)


def default_cluster(
    cluster: clusters.KubeDirectorCluster,
    app: apps.KubeDirectorApp,
    config: ConfigSpec,
    *,
    default_storage_class: str | None,
    app_is_system: bool,
) -> clusters.KubeDirectorCluster:
    """The cluster as admission would have stored it.

    Args:
        cluster: as stored.
        app: already defaulted.
        config: `ConfigSpec()` where there is no global config.
        default_storage_class: name of the Kubernetes cluster's default StorageClass, if it has one.
        app_is_system: the app was found in the operator's namespace, not in the cluster's.
    """
    spec = cluster.spec
    minima = {role.id: _minimum(role) for role in app.spec.roles}
    storage_class = config.default_storage_class_name or default_storage_class
    filled = replace(
        spec,
        app_catalog=spec.app_catalog or ("system" if app_is_system else "local"),
        service_type=spec.service_type or config.default_service_type or "LoadBalancer",
        naming_scheme=spec.naming_scheme or config.default_naming_scheme or "UID",
        roles=[
            replace(
                role,
                members=minima.get(role.id) if role.members is None else role.members,
                storage=_storage(role.storage, storage_class),
                secret=role.secret or spec.default_secret,
            )
            for role in spec.roles
        ],
    )
    return replace(cluster, spec=filled)


def _app_role(role: apps.Role, spec: apps.AppSpec) -> apps.Role:
    return replace(
        role,
        image_repo_tag=_first(role.image_repo_tag, spec.default_image_repo_tag),
        config_package=_package(role, spec),
        persist_dirs=_first(role.persist_dirs, spec.default_persist_dirs),
        event_list=_first(role.event_list, spec.default_event_list),
        max_log_size_dump=_first(role.max_log_size_dump, spec.default_max_log_size_dump, LOG_SIZE),
    )


def _first(*values: _T | None) -> _T | None:
    return next((value for value in values if value is not None), None)


def _package(role: apps.Role, spec: apps.AppSpec) -> apps.SetupPackage | None:
    """An explicit null on the role is respected: no package."""
    if isinstance(role.config_package, msgspec.UnsetType):
        default = spec.default_config_package
        return None if isinstance(default, msgspec.UnsetType) else default
    return role.config_package


def _minimum(role: apps.Role) -> int | None:
    try:
        return cardinality(role.cardinality).minimum
    except DefinitionError:
        return None


def _storage(storage: clusters.Storage | None, storage_class: str | None) -> clusters.Storage | None:
    if storage is None or storage.storage_class_name:
        return storage
    return replace(storage, storage_class_name=storage_class)
