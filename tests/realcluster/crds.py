"""Our definitions in a real cluster."""

from __future__ import annotations

import subprocess
from pathlib import Path

from realcluster.cluster import Cluster

FOLDER = Path(__file__).parents[2] / "manifests" / "crds"


def install(cluster: Cluster) -> None:
    """Apply them with kubectl and wait until they are served."""
    kubectl = ["kubectl", f"--kubeconfig={cluster.kubeconfig()}"]
    for command in (["apply", "--server-side", "-f", str(FOLDER)], ["wait", "--for=condition=Established", "crd", "--all"]):
        subprocess.run([*kubectl, *command], check=True, capture_output=True)
