"""Are two roles, or two specs, the same for Kubernetes?

Quantities compare by value, an empty map is an absent one, and an absent number of members is not zero. Source:
spec/kubedirector-api.md section 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.render.quantity import quantity


def plain_role(role: clusters.Role) -> clusters.Role:
    """A role in a form that equals that of every other way to write it."""
    wanted = role.resources
    return replace(
        role,
        resources=replace(wanted, limits=_amounts(wanted.limits), requests=_amounts(wanted.requests or {})),
        pod_labels=role.pod_labels or None,
        pod_annotations=role.pod_annotations or None,
        service_labels=role.service_labels or None,
        service_annotations=role.service_annotations or None,
        service_account_name=role.service_account_name or None,
        shared_memory=role.shared_memory or None,
    )


def plain_spec(spec: clusters.ClusterSpec) -> clusters.ClusterSpec:
    """A cluster's spec in such a form."""
    return replace(spec, roles=[plain_role(role) for role in spec.roles], kdasync=spec.kdasync or clusters.ClusterPolicy())


def plain_app(spec: apps.AppSpec) -> apps.AppSpec:
    """A defaulted app's spec in such a form."""
    roles = [replace(role, min_resources=_amounts(role.min_resources or {}) or None) for role in spec.roles]
    return replace(spec, roles=roles, logo_url=spec.logo_url or None, kdasync=spec.kdasync or apps.AppPolicy())


def _amounts(amounts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(value if (number := quantity(value)) is None else number.normalize()) for key, value in amounts.items()}
