"""The served resources by the path of their group and version, e.g. `api/v1` or `apis/apps/v1`."""

from __future__ import annotations

from kdasync.devcluster.resources import Registry, Resource


def group_paths(registry: Registry) -> dict[str, list[Resource]]:
    """Path below the root -> resources."""
    found: dict[str, list[Resource]] = {}
    for resource in registry.all():
        name = f"apis/{resource.group}/{resource.version}" if resource.group else f"api/{resource.version}"
        found.setdefault(name, []).append(resource)
    return found
