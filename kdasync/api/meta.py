"""Types shared by all objects: metadata, owner references, conditions, lists.

Every type decodes leniently (unknown fields are skipped) and encodes without its defaults. Source: the Kubernetes API
reference, meta/v1. `resourceVersion` is compared as an integer (comparable since Kubernetes 1.35).
"""

from __future__ import annotations

import msgspec

_ACRONYMS = {
    "cluster_ip": "clusterIP",
    "container_id": "containerID",
    "distro_id": "distroID",
    "exported_service": "exported_service",
    "generation_uid": "generationUID",
    "host_pid": "hostPID",
    "last_node_id": "lastNodeID",
    "logo_url": "logoURL",
    "node_id": "nodeID",
    "package_url": "packageURL",
    "pod_ip": "podIP",
    "role_id": "roleID",
    "service_ids": "serviceIDs",
    "src_url": "srcURL",
}


def wire_name(name: str) -> str:
    """The JSON key of a field: camelCase, but for the acronyms that Kubernetes and KubeDirector write in capitals."""
    head, *rest = name.split("_")
    return _ACRONYMS.get(name) or head + "".join(word.capitalize() for word in rest)


class Wire(msgspec.Struct, frozen=True, rename=wire_name, omit_defaults=True, kw_only=True):
    """Base of all wire types: frozen, camelCase on the wire, defaults left out."""


class OwnerReference(Wire, frozen=True):
    """meta/v1 OwnerReference."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Wire, frozen=True):
    """meta/v1 ObjectMeta, the fields we read or write. Times are RFC 3339 text."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    owner_references: list[OwnerReference] = []


class Condition(Wire, frozen=True, omit_defaults=False):
    """meta/v1 Condition; kstatus reads `Ready`, `Reconciling` and `Stalled`."""

    type: str
    status: str
    reason: str
    message: str
    last_transition_time: str
    observed_generation: int = 0


class Object(Wire, frozen=True):
    """Any object, its metadata only (as PartialObjectMetadata)."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
