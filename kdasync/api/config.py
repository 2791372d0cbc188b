"""KubeDirectorConfig, `kubedirector.hpe.com/v1beta1`. Source: spec/kubedirector-api.md section 1.5."""

from __future__ import annotations

from kdasync.api.meta import Object, Wire


class ConfigSpec(Wire, frozen=True):
    """Global knobs; absent: KubeDirector's default."""

    default_storage_class_name: str | None = None
    default_service_type: str | None = None
    native_systemd_support: bool = False
    required_secret_prefix: str | None = None
    cluster_svc_domain_base: str = ".svc.cluster.local"
    default_naming_scheme: str | None = None
    master_encryption_key: str | None = None
    pod_labels: dict[str, str] | None = None
    pod_annotations: dict[str, str] | None = None
    service_labels: dict[str, str] | None = None
    service_annotations: dict[str, str] | None = None
    backup_cluster_status: bool = False
    allow_restore_without_connections: bool = False
    force_shared_memory_size_support: bool | None = None


class ConfigStatus(Wire, frozen=True):
    """Status of the global config."""

    generation_uid: str = ""
    state: str = ""


class KubeDirectorConfig(Object, frozen=True):
    """The global config, `kd-global-config` in the operator's namespace."""

    spec: ConfigSpec | None = None
    status: ConfigStatus | None = None
