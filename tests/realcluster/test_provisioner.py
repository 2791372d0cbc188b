from __future__ import annotations

from pathlib import Path
from typing import Any

from realcluster.provisioner import volume


def claim(**changes: Any) -> dict[str, Any]:
    spec = {"storageClassName": "real", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "data", "namespace": "a", "uid": "u1", "annotations": {"volume.kubernetes.io/selected-node": "node-1"}}
    return {"metadata": {**metadata, **changes.pop("metadata", {})}, "spec": {**spec, **changes}}


def test_a_placed_claim_gets_a_folder_on_its_node() -> None:
    made = volume(claim(), Path("/v"))
    assert made is not None
    assert made["spec"]["hostPath"] == {"path": "/v/pvc-u1", "type": "DirectoryOrCreate"}
    assert made["spec"]["claimRef"]["uid"] == "u1"
    assert "node-1" in str(made["spec"]["nodeAffinity"])


def test_other_claims_get_nothing() -> None:
    assert volume(claim(storageClassName="fast"), Path("/v")) is None
    assert volume(claim(volumeName="pv"), Path("/v")) is None
    assert volume(claim(metadata={"annotations": {}}), Path("/v")) is None
