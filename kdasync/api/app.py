"""KubeDirectorApp, `kubedirector.hpe.com/v1beta1`. Source: spec/kubedirector-api.md section 1.2."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.api.meta import Object, Wire


class Label(Wire, frozen=True):
    """Human naming."""

    name: str = ""
    description: str = ""


class SetupPackage(Wire, frozen=True):
    """Where the setup package is."""

    package_url: str
    use_new_setup_layout: bool = False


class Endpoint(Wire, frozen=True):
    """A port of a service."""

    port: int
    url_scheme: str = ""
    path: str = ""
    is_dashboard: bool = False
    has_auth_token: bool = False


class Service(Wire, frozen=True):
    """A service of the app; without `endpoint` it exposes nothing."""

    id: str
    label: Label | None = None
    endpoint: Endpoint | None = None
    exported_service: str = ""


class ContainerSpec(Wire, frozen=True):
    """stdin and tty of the app container."""

    stdin: bool = False
    tty: bool = False


class MinStorage(Wire, frozen=True):
    """Lower bound of a role's storage."""

    size: str
    ephemeral_mode_supported: bool = False


class Role(Wire, frozen=True):
    """A role: what its members run and how many there may be (`N` or `N+`).

    `config_package`: UNSET = the key is absent (take the default), None = explicit null (no package).
    """

    id: str
    cardinality: str
    image_repo_tag: str | None = None
    config_package: SetupPackage | msgspec.UnsetType | None = msgspec.UNSET
    persist_dirs: list[str] | None = None
    event_list: list[str] | None = None
    container_spec: ContainerSpec | None = None
    min_resources: dict[str, Any] | None = None
    min_storage: MinStorage | None = None
    max_log_size_dump: int | None = None


class RoleServices(Wire, frozen=True):
    """Which services a role runs."""

    role_id: str
    service_ids: list[str] = []


class Config(Wire, frozen=True):
    """Which roles and services are active."""

    selected_roles: list[str] = []
    role_services: list[RoleServices] = []
    config_meta: dict[str, str] | None = None


class RolePolicy(Wire, frozen=True):
    """Additive, `spec.kdasync.roles[]`: how kdasync runs a role. Times in seconds; absent: the operator's default.

    Attributes:
        id: role it applies to.
        command: overrides the image's entrypoint of the app container (public images that need a gate).
        configure_seconds: longest time `startscript --configure` may take.
        notify_seconds: longest time one notification may take.
        drain_seconds: longest time to wait for peers before a leaving member goes.
        init_seconds: longest time without progress of the init container.
        retries: automatic retries of a failed setup.
        retry_seconds: delay before the first retry, doubled for each further one.
        on_restart: `skip` (KubeDirector: a member with storage whose setup once succeeded is not set up again) or `configure`.
        claims: `delete` (KubeDirector) or `retain` the claims of a member that the user shrank away.
        executor: `all` (KubeDirector: every configured peer runs a notification) or `one` elected peer.
        termination_grace_seconds: terminationGracePeriodSeconds of the pods.
    """

    id: str
    command: list[str] | None = None
    configure_seconds: float | None = None
    notify_seconds: float | None = None
    drain_seconds: float | None = None
    init_seconds: float | None = None
    retries: int | None = None
    retry_seconds: float | None = None
    on_restart: str = "skip"
    claims: str = "delete"
    executor: str = "all"
    termination_grace_seconds: int | None = None


class AppPolicy(Wire, frozen=True):
    """Additive block `spec.kdasync` of an app."""

    roles: list[RolePolicy] = []


class AppSpec(Wire, frozen=True):
    """Spec of an app. The `default...` keys are folded into the roles on admission."""

    label: Label = Label()
    distro_id: str = ""
    version: str = ""
    config_schema_version: int = 0
    default_image_repo_tag: str | None = None
    default_config_package: SetupPackage | msgspec.UnsetType | None = msgspec.UNSET
    default_max_log_size_dump: int | None = None
    default_persist_dirs: list[str] | None = None
    default_event_list: list[str] | None = None
    capabilities: list[str] = []
    systemd_required: bool = False
    logo_url: str | None = None
    services: list[Service] = []
    roles: list[Role] = []
    config: Config = Config()
    kdasync: AppPolicy | None = None


class KubeDirectorApp(Object, frozen=True):
    """An app definition."""

    spec: AppSpec = AppSpec()
