"""KubeDirectorCluster and KubeDirectorStatusBackup, `kubedirector.hpe.com/v1beta1`.

Source: spec/kubedirector-api.md sections 1.3, 1.4 and 1.6. The additive fields of the status are `observedGeneration`,
`conditions`, `summary` (printer columns) and `kdasync` (`api/memory.py`: the memory of the state machines).
"""

from __future__ import annotations

from typing import Any

from kdasync.api.memory import Memory
from kdasync.api.meta import Condition, Object, Wire


class Connections(Wire, frozen=True):
    """Related objects of the same namespace whose content is published in configmeta."""

    clusters: list[str] = []
    configmaps: list[str] = []
    secrets: list[str] = []


class Resources(Wire, frozen=True):
    """Container resources; values are quantities, extended resources (whose form no schema checks) included."""

    limits: dict[str, Any] = {}
    requests: dict[str, Any] | None = None


class Storage(Wire, frozen=True):
    """One claim per member."""

    size: str
    storage_class_name: str | None = None


class BlockStorage(Wire, frozen=True):
    """Raw block devices per member; device i appears at `pathPrefix` + i."""

    path_prefix: str
    num_devices: int
    storage_class_name: str
    size: str | None = None


class EnvVar(Wire, frozen=True, omit_defaults=False):
    """One variable of the app container."""

    name: str
    value: str = ""


class SecretMount(Wire, frozen=True):
    """A Secret mounted as a volume."""

    name: str
    mount_path: str
    default_mode: int | None = None
    read_only: bool = False


class SecretKey(Wire, frozen=True):
    """A value encrypted on admission, or its ciphertext."""

    name: str
    value: str = ""
    encrypted_value: str = ""


class FilePermissions(Wire, frozen=True):
    """Permissions of an injected file; `fileMode` is the numeric mode (493 is 0755)."""

    file_mode: int | None = None
    file_owner: str | None = None
    file_group: str | None = None


class FileInjection(Wire, frozen=True):
    """A file fetched into each member before setup."""

    src_url: str
    dest_dir: str
    permissions: FilePermissions | None = None


class VolumeProjection(Wire, frozen=True):
    """An existing claim mounted into each member."""

    pvc_name: str
    mount_path: str
    read_only: bool = False


class Role(Wire, frozen=True):
    """A requested role.

    `members`: None takes the app's minimum cardinality. `affinity` is core/v1 Affinity, passed through.
    """

    id: str
    members: int | None = None
    resources: Resources = Resources()
    storage: Storage | None = None
    block_storage: BlockStorage | None = None
    shared_memory: str | None = None
    env: list[EnvVar] = []
    secret: SecretMount | None = None
    secret_keys: list[SecretKey] = []
    file_injections: list[FileInjection] = []
    volume_projections: list[VolumeProjection] = []
    service_account_name: str | None = None
    affinity: dict[str, Any] | None = None
    pod_labels: dict[str, str] | None = None
    pod_annotations: dict[str, str] | None = None
    service_labels: dict[str, str] | None = None
    service_annotations: dict[str, str] | None = None


class ClusterPolicy(Wire, frozen=True):
    """Additive block `spec.kdasync` of a cluster.

    Attributes:
        paused: the operator observes and reports, but changes nothing.
    """

    paused: bool = False


class ClusterSpec(Wire, frozen=True):
    """What the user wants."""

    app: str = ""
    roles: list[Role] = []
    app_catalog: str | None = None
    service_type: str | None = None
    naming_scheme: str | None = None
    default_secret: SecretMount | None = None
    connections: Connections = Connections()
    kdasync: ClusterPolicy | None = None


class NotifyCommand(Wire, frozen=True):
    """A queued startscript call, as KubeDirector stores it: `["--addnodes", "--nodegroup 1", "--role", R, "--fqdns", "a,b"]`."""

    arguments: list[str] = []


class StateDetail(Wire, frozen=True):
    """Details of a member's state, where they apply."""

    config_error_detail: str | None = None
    last_config_data_generation: int | None = None
    last_setup_generation: int | None = None
    configuring_container: str = ""
    last_configured_container: str = ""
    last_known_container_state: str = ""
    pending_notify_cmds: list[NotifyCommand] = []
    last_connection_version: int | None = None
    start_script_stdout_message: str = ""
    start_script_stderr_message: str = ""
    scheduling_error_message: str = ""
    storage_init_progress: str = ""


class Member(Wire, frozen=True):
    """A member as KubeDirector reports it."""

    pod: str = ""
    node_id: int = 0
    service: str = ""
    pvc: str = ""
    auth_token: str = ""
    state: str = ""
    block_device_paths: list[str] = []
    state_detail: StateDetail = StateDetail()


class RoleStatus(Wire, frozen=True):
    """A role that has, or still has, a StatefulSet."""

    id: str = ""
    stateful_set: str = ""
    members: list[Member] = []


class Rollup(Wire, frozen=True, omit_defaults=False):
    """Seven booleans over all members."""

    config_errors: bool = False
    members_down: bool = False
    members_initializing: bool = False
    members_not_scheduled: bool = False
    members_restarting: bool = False
    members_waiting: bool = False
    membership_changing: bool = False


class RestoreProgress(Wire, frozen=True):
    """Present only while the cluster is restored from a backup."""

    awaiting_app: bool = False
    awaiting_status: bool = False
    awaiting_resources: bool = False
    error: str = ""


class Summary(Wire, frozen=True, omit_defaults=False):
    """Additive: what `kubectl get -o wide` prints."""

    ready: int = 0
    desired: int = 0
    members: str = ""
    reason: str = ""


class ClusterStatus(Wire, frozen=True):
    """Status of a cluster."""

    state: str = ""
    restore_progress: RestoreProgress | None = None
    member_state_rollup: Rollup | None = None
    generation_uid: str = ""
    spec_generation_to_process: int | None = None
    last_connection_hash: str = ""
    cluster_service: str = ""
    last_node_id: int = 0
    roles: list[RoleStatus] = []
    observed_generation: int = 0
    conditions: list[Condition] = []
    summary: Summary | None = None
    kdasync: Memory | None = None


class KubeDirectorCluster(Object, frozen=True):
    """A cluster of an app."""

    spec: ClusterSpec = ClusterSpec()
    status: ClusterStatus | None = None


class BackupSpec(Wire, frozen=True):
    """A copy of a cluster's status."""

    status_backup: ClusterStatus | None = None


class KubeDirectorStatusBackup(Object, frozen=True):
    """Status backup, named as its cluster and owned by it."""

    spec: BackupSpec = BackupSpec()
