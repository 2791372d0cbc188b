"""What must change on a live object: only what KubeDirector keeps right after creation, and only by a patch.

Why so little: ports, labels and pod templates of a running cluster are the user's or the past's; an upgrade of the operator must
not roll pods. Kept right are the owner reference (a restored object has none), the type of a member service and its token
annotation. Source: spec/kubedirector-api.md section 2.14, spec/kubedirector-runtime.md sections 2.1 and 2.3, D16.
"""

from __future__ import annotations

from typing import Any

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.meta import Object
from kdasync.api.workloads import Service
from kdasync.render import keys
from kdasync.render.manifest import Manifest
from kdasync.render.metadata import owner_reference


def is_owned(existing: Object, cluster: KubeDirectorCluster) -> bool:
    """Whether `existing` has our owner reference (blockOwnerDeletion does not matter)."""
    return any(
        (reference.api_version, reference.kind, reference.name, reference.uid, reference.controller)
        == (keys.API_VERSION, keys.KIND, cluster.metadata.name, cluster.metadata.uid, True)
        for reference in existing.metadata.owner_references
    )


def repair(existing: Object, desired: Manifest, cluster: KubeDirectorCluster) -> dict[str, Any]:
    """The merge patch that makes `existing` right; empty if it is."""
    patch: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if not is_owned(existing, cluster):
        metadata["ownerReferences"] = [owner_reference(cluster)]
    token = desired.body["metadata"]["annotations"].get(keys.AUTH_TOKEN)
    if token and existing.metadata.annotations.get(keys.AUTH_TOKEN) != token:
        metadata["annotations"] = {keys.AUTH_TOKEN: token}
    if metadata:
        patch["metadata"] = metadata
    wanted = desired.body["spec"].get("type")
    if isinstance(existing, Service) and wanted and existing.spec.type != wanted:
        patch["spec"] = {"type": wanted}
    return patch
