"""The volume controller's decision: claims are bound at once, volumes go with their claims. Pure.

A claim of a known class gets a volume named `pvc-<uid of the claim>`; that name is also the key of the directory that the node's
runtime keeps. A claim of an unknown class stays Pending, as in Kubernetes. A claim in use is protected by a finalizer until no pod uses it.
Source: core/v1 PersistentVolumeClaim, StorageObjectInUseProtection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kdasync.devcluster.controllers.calls import (
    CLAIM,
    STORAGE_CLASS,
    VOLUME,
    Call,
    Create,
    Document,
    Key,
    Patch,
    delete,
    deleting,
    key_of,
    uid_of,
)
from kdasync.devcluster.controllers.pods import ended

PROTECTION = "kubernetes.io/pvc-protection"
PROVISIONER = "kdasync.dev/directory"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def default_class() -> Document:
    """The class that devcluster starts with."""
    return {
        "apiVersion": STORAGE_CLASS.api_version,
        "kind": STORAGE_CLASS.kind,
        "metadata": {"name": "standard", "annotations": {_DEFAULT: "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def decide_claim(claim: Document, *, classes: Mapping[Key, Document], pods: Iterable[Document]) -> list[Call]:
    """Bind it, or let it go; `pods` are those of its namespace."""
    if deleting(claim):
        return _release(claim, pods)
    if (claim.get("status") or {}).get("phase") == "Bound":
        return []
    name = _class_of(claim, classes)
    return _bind(claim, name) if name else []


def decide_volume(volume: Document, *, claims: Mapping[Key, Document]) -> list[Call]:
    """Delete a volume whose claim is gone."""
    reference = volume["spec"].get("claimRef")
    claim = claims.get((reference["namespace"], reference["name"])) if reference else None
    if not reference or (claim and uid_of(claim) == reference["uid"]):
        return []
    calls: list[Call] = [] if deleting(volume) else [delete(VOLUME, volume)]
    return [*calls, Patch(VOLUME, key_of(volume), {"metadata": {"uid": uid_of(volume), "finalizers": None}})]


def used_by(claim: Document, pod: Document) -> bool:
    """The pod mounts the claim and has not ended."""
    return not ended(pod) and key_of(claim) in claims_used(pod)


def claims_used(pod: Document) -> list[Key]:
    """The claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or ()
    return [
        (key_of(pod)[0], volume["persistentVolumeClaim"]["claimName"]) for volume in volumes if "persistentVolumeClaim" in volume
    ]


def _release(claim: Document, pods: Iterable[Document]) -> list[Call]:
    finalizers = claim["metadata"].get("finalizers") or []
    if PROTECTION not in finalizers or any(used_by(claim, pod) for pod in pods):
        return []
    rest = [finalizer for finalizer in finalizers if finalizer != PROTECTION]
    return [Patch(CLAIM, key_of(claim), {"metadata": {"uid": uid_of(claim), "finalizers": rest}})]


def _class_of(claim: Document, classes: Mapping[Key, Document]) -> str:
    """The class to use, empty if there is none."""
    wanted = claim["spec"].get("storageClassName")
    if wanted is not None:
        return wanted if ("", wanted) in classes else ""
    defaults = [name for (_, name), each in classes.items() if (each["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"]
    return min(defaults, default="")


def _bind(claim: Document, class_name: str) -> list[Call]:
    name = f"pvc-{uid_of(claim)}"
    size = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "1Gi")
    modes = claim["spec"].get("accessModes") or ["ReadWriteOnce"]
    annotations = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    return [
        Create(VOLUME, _volume(claim, name, class_name=class_name, size=size, modes=modes)),
        Patch(
            CLAIM,
            key_of(claim),
            {
                "metadata": {"uid": uid_of(claim), "annotations": annotations},
                "spec": {"volumeName": name, "storageClassName": class_name},
            },
        ),
        Patch(CLAIM, key_of(claim), {"status": {"phase": "Bound", "accessModes": modes, "capacity": {"storage": size}}}, "status"),
        Patch(VOLUME, ("", name), {"status": {"phase": "Bound"}}, "status"),
    ]


def _volume(claim: Document, name: str, *, class_name: str, size: str, modes: list[str]) -> Document:
    namespace, claim_name = key_of(claim)
    reference = {"apiVersion": "v1", "kind": CLAIM.kind, "namespace": namespace, "name": claim_name, "uid": uid_of(claim)}
    return {
        "apiVersion": VOLUME.api_version,
        "kind": VOLUME.kind,
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": modes,
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": class_name,
            "claimRef": reference,
            "csi": {"driver": PROVISIONER, "volumeHandle": name},
        },
    }
