"""One frozen picture of a cluster: what `observe` hands to `decide`.

Everything in it was read from synced stores, from the jobs of this process, or from the clock, at one moment.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kdasync.api.app import KubeDirectorApp, RolePolicy
from kdasync.api.app import Role as AppRole
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster, Role
from kdasync.api.config import ConfigSpec
from kdasync.api.workloads import Claim, ContainerStatus, Pod, Service, StatefulSet
from kdasync.errors import DefinitionError
from kdasync.guest.order import Result
from kdasync.reconcile.connected import Connected
from kdasync.render.view import role_policy
from kdasync.settings import Settings


class JobView(msgspec.Struct, frozen=True):
    """What is known of the job that delivers a run: identity as in `api.memory.Run`.

    Attributes:
        launched: the guest said that the script runs.
        result: how it ended, None while it goes on.
        trouble: why the last try failed; it is tried again. `cause` is its CamelCase reason.
    """

    event: str
    attempt: int
    container: str
    launched: bool = False
    result: Result | None = None
    trouble: str = ""
    cause: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as seen at `now` (seconds since the epoch).

    Attributes:
        cluster: with the admission defaults applied; `app` likewise, None if it does not exist.
        problems: why the spec cannot be run; empty = it can.
        statefulsets, services, pods, claims: by name, those that carry the cluster's label.
        jobs: by node id.
        recorded: names of member services that the status records, by node id.
        connection_hash: KubeDirector's hash over the connected objects; None while one of them is changing.
    """

    now: float
    cluster: KubeDirectorCluster
    settings: Settings = Settings()
    app: KubeDirectorApp | None = None
    problems: tuple[DefinitionError, ...] = ()
    config: ConfigSpec = ConfigSpec()
    statefulsets: Mapping[str, StatefulSet] = {}
    services: Mapping[str, Service] = {}
    pods: Mapping[str, Pod] = {}
    claims: Mapping[str, Claim] = {}
    jobs: Mapping[int, JobView] = {}
    recorded: Mapping[int, str] = {}
    connection_hash: str | None = ""
    connected: Connected = Connected()

    @property
    def spec(self) -> ClusterSpec:
        """The cluster's spec."""
        return self.cluster.spec

    @property
    def runnable(self) -> bool:
        """The app exists and the spec can be run."""
        return self.app is not None and not self.problems

    def role(self, role: str) -> Role | None:
        """The requested role, None if the spec does not have it (any more)."""
        return next((wanted for wanted in self.spec.roles if wanted.id == role), None)

    def app_role(self, role: str) -> AppRole | None:
        """The role's definition."""
        roles = self.app.spec.roles if self.app else []
        return next((defined for defined in roles if defined.id == role), None)

    def policy(self, role: str) -> RolePolicy:
        """How the app wants the role to be run, all defaults if it says nothing."""
        return role_policy(self.app, role) if self.app else RolePolicy(id=role)

    def defines(self, role: str) -> bool:
        """App and spec both say what a member of the role is: only then can one be set up or told something."""
        return self.app_role(role) is not None and self.role(role) is not None

    def target(self, role: str) -> int:
        """Wanted members of a role; 0 if the spec does not have it."""
        wanted = self.role(role)
        return (wanted.members or 0) if wanted else 0


def container(pod: Pod | None, name: str = "app") -> ContainerStatus | None:
    """The status of a container of a pod, None if there is none yet."""
    statuses = pod.status.container_statuses if pod else []
    return next((status for status in statuses if status.name == name), None)


def container_id(pod: Pod | None) -> str:
    """Id of the `app` container that exists or existed last, empty if none is known."""
    status = container(pod)
    return (status.container_id or "") if status else ""


def is_running(pod: Pod | None) -> bool:
    """True if the `app` container runs."""
    status = container(pod)
    return status is not None and status.state.running is not None


def running_id(pod: Pod | None) -> str:
    """Id of the `app` container if it can be set up now, else empty. A pod that is being deleted cannot."""
    status = container(pod)
    if pod is None or status is None or pod.metadata.deletion_timestamp or pod.status.phase != "Running":
        return ""
    return (status.container_id or "") if status.state.running else ""
