"""Paths: which resource, namespace, name and subresource a request means."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec

from kdasync.devcluster.resources import Registry, Resource

_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


class Target(msgspec.Struct, frozen=True):
    """What a path names."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def _versioned(path: str) -> tuple[str, str, list[str]] | None:
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:  # noqa: PLR2004 - /api/VERSION/RESOURCE
        return "", parts[1], parts[2:]
    if parts[0] == "apis" and len(parts) > 3:  # noqa: PLR2004 - /apis/GROUP/VERSION/RESOURCE
        return parts[1], parts[2], parts[3:]
    return None


def _split(parts: list[str]) -> tuple[str, list[str]]:
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:  # noqa: PLR2004 - namespaces/NAME/RESOURCE
        return parts[1], parts[2:]
    return "", parts


class Near(msgspec.Struct, frozen=True):
    """What is known of a path that is not served: its resource, if only the subresource is missing."""

    resource: Resource | None = None
    name: str = ""


def nearest(registry: Registry, path: str) -> Near | None:
    """What of a path is known, None if not even its group and version are."""
    found = _versioned(path)
    if found is None or not any((item.group, item.version) == found[:2] for item in registry.all()):
        return None
    _, parts = _split(found[2])
    resource = registry.find(found[0], found[1], parts[0])
    if resource is not None and resource.custom and len(parts) > 2:  # noqa: PLR2004 - RESOURCE/NAME/SUBRESOURCE
        return Near(resource, parts[1])
    return Near()


def resolve(registry: Registry, path: str) -> Target | None:
    """The target of a path below /api or /apis, or None if nothing is served there."""
    found = _versioned(path)
    if found is None:
        return None
    group, version, parts = found
    namespace, parts = _split(parts)
    resource = registry.find(group, version, parts[0])
    if resource is None or (namespace and not resource.namespaced):
        return None
    name, subresource, rest = (*parts[1:3], "", "")[0], (*parts[1:3], "", "")[1], "/".join(parts[3:])
    if resource.namespaced and name and not namespace:
        return None
    if subresource and subresource not in (*resource.subresources, "proxy"):
        return None
    return Target(resource, namespace, name, subresource, rest)
