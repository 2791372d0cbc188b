"""Core and apps kinds, reduced to the fields the operator reads. What it writes is rendered in `render/`.

Source: Kubernetes API reference, core/v1 Pod, Service, PersistentVolumeClaim, ConfigMap, Secret and apps/v1 StatefulSet.
"""

from __future__ import annotations

from kdasync.api.meta import Object, Wire


class StateTerminated(Wire, frozen=True):
    """core/v1 ContainerStateTerminated."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""


class StateWaiting(Wire, frozen=True):
    """core/v1 ContainerStateWaiting."""

    reason: str = ""
    message: str = ""


class StateRunning(Wire, frozen=True):
    """core/v1 ContainerStateRunning."""

    started_at: str | None = None


class ContainerState(Wire, frozen=True):
    """core/v1 ContainerState: at most one is set."""

    running: StateRunning | None = None
    waiting: StateWaiting | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(Wire, frozen=True):
    """core/v1 ContainerStatus. `container_id` has its runtime prefix, e.g. `containerd://...`; empty until known."""

    name: str = ""
    container_id: str | None = None
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodCondition(Wire, frozen=True):
    """core/v1 PodCondition."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None


class PodStatus(Wire, frozen=True):
    """core/v1 PodStatus."""

    phase: str = ""
    reason: str | None = None
    message: str | None = None
    conditions: list[PodCondition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []
    pod_ip: str | None = None
    start_time: str | None = None


class PodSpec(Wire, frozen=True):
    """core/v1 PodSpec: only what decides whether a guest can be trusted and found."""

    node_name: str | None = None
    host_pid: bool | None = None
    share_process_namespace: bool | None = None


class Pod(Object, frozen=True):
    """core/v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class StatefulSetSpec(Wire, frozen=True):
    """apps/v1 StatefulSetSpec."""

    replicas: int | None = None
    service_name: str = ""


class StatefulSetStatus(Wire, frozen=True):
    """apps/v1 StatefulSetStatus."""

    observed_generation: int = 0
    replicas: int = 0


class StatefulSet(Object, frozen=True):
    """apps/v1 StatefulSet."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class ServiceSpec(Wire, frozen=True):
    """core/v1 ServiceSpec."""

    type: str = ""
    cluster_ip: str | None = None


class Service(Object, frozen=True):
    """core/v1 Service."""

    spec: ServiceSpec = ServiceSpec()


class Claim(Object, frozen=True):
    """core/v1 PersistentVolumeClaim."""


class ConfigMap(Object, frozen=True):
    """core/v1 ConfigMap."""

    data: dict[str, str] = {}


class Secret(Object, frozen=True):
    """core/v1 Secret; values are base64 text as on the wire."""

    data: dict[str, str] = {}
