"""Volumes for claims: a folder of the node for each claim that the scheduler has placed. Run inside, as a program.

Nothing in a bare Kubernetes makes volumes; this is the smallest thing that does. A released volume goes with its folder, as the class's
reclaim policy says.
"""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from realcluster.api import Api
from realcluster.layout import Layout

CLASS = "real"
NAME = "kdasync.test/folders"
_VOLUMES = "/api/v1/persistentvolumes"
_SELECTED = "volume.kubernetes.io/selected-node"
STORAGE_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": NAME,
    "volumeBindingMode": "WaitForFirstConsumer",
}


def volume(claim: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """The volume for a claim, None if it needs none from us now."""
    metadata, spec = claim["metadata"], claim["spec"]
    node = metadata.get("annotations", {}).get(_SELECTED)
    if spec.get("storageClassName") != CLASS or spec.get("volumeName") or not node:
        return None
    name = f"pvc-{metadata['uid']}"
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": NAME}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "hostPath": {"path": str(folder / name), "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
        },
    }


def _provide(api: Api, folder: Path) -> None:
    while True:
        for event in api.watch("/api/v1/persistentvolumeclaims"):
            made = volume(event["object"], folder) if event["type"] in {"ADDED", "MODIFIED"} else None
            if made is not None:
                api.create(_VOLUMES, made)


def _reclaim(api: Api, folder: Path) -> None:
    while True:
        for event in api.watch(_VOLUMES):
            name = event["object"].get("metadata", {}).get("name", "")
            if event["type"] == "MODIFIED" and event["object"]["status"].get("phase") == "Released" and name.startswith("pvc-"):
                shutil.rmtree(folder / name, ignore_errors=True)
                api.request("DELETE", f"{_VOLUMES}/{name}")


def main(layout_file: str) -> None:
    """Provide and reclaim until killed."""
    layout = msgspec.json.decode(Path(layout_file).read_bytes(), type=Layout)
    folder = layout.path("volumes")
    threading.Thread(target=_reclaim, args=(Api(layout, "provisioner"), folder), daemon=True).start()
    _provide(Api(layout, "provisioner"), folder)


if __name__ == "__main__":
    main(sys.argv[1])
