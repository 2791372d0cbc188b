"""Names of a member's objects: the recorded name first, then the derived one."""

from __future__ import annotations

import re

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.memory import MemberMemory
from kdasync.reconcile.snapshot import Snapshot
from kdasync.render import names
from kdasync.render.keys import NO_SERVICE
from kdasync.render.view import headless_name, ports, stateful_set_name

_CLAIM = re.compile(r"(?:p|b\d+)-(?P<pod>.+)")


def pod_at(cluster: KubeDirectorCluster, role: str, ordinal: int) -> str:
    """Pod name at an ordinal of a role."""
    return names.pod(stateful_set_name(cluster, role), ordinal)


def pod_of(snapshot: Snapshot, member: MemberMemory) -> str:
    """Pod name of a member."""
    return pod_at(snapshot.cluster, member.role, member.ordinal)


def service_of(snapshot: Snapshot, member: MemberMemory) -> str:
    """Service name of a member; `n/a` if its role exposes no port."""
    recorded = snapshot.recorded.get(member.node_id)
    if recorded:
        return recorded
    if snapshot.app is not None and not ports(snapshot.app, member.role):
        return NO_SERVICE
    return names.member_service(pod_of(snapshot, member), naming_scheme=snapshot.spec.naming_scheme)


def owner_pod(claim: str) -> str:
    """Pod that a claim belongs to by its name, empty if it is not named as a member's claim."""
    match = _CLAIM.fullmatch(claim)
    return match["pod"] if match else ""


def domain(snapshot: Snapshot) -> str:
    """Domain of the members: `<headless service>.<namespace><base>`."""
    return f"{headless_name(snapshot.cluster)}.{snapshot.cluster.metadata.namespace}{snapshot.config.cluster_svc_domain_base}"
