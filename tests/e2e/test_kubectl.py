"""kubectl as people use it: explain, apply, get, wait, describe, delete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from realcluster.lab import GROUP, Lab, script


def test_a_cluster_lives_by_kubectl(labs: Callable[..., Lab], tmp_path: Path) -> None:
    lab = labs()
    lab.app(script())
    assert "roles" in lab.kubectl("explain", "kubedirectorcluster.spec")
    body = {
        "apiVersion": GROUP.removeprefix("/apis/"),
        "kind": "KubeDirectorCluster",
        "metadata": {"name": "one"},
        "spec": {"app": "demo", "appCatalog": "local", "serviceType": "ClusterIP", "roles": lab.roles(1)},
    }
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(body))
    lab.kubectl("apply", "-f", str(file))
    lab.kubectl("wait", "--for=condition=Ready", "kubedirectorcluster/one", "--timeout=60s")
    assert "configured" in lab.kubectl("get", "kubedirectorclusters")
    described = lab.kubectl("describe", "kubedirectorcluster", "one")
    assert "kubedirector.hpe.com/kdasync" in described
    body["spec"]["roles"] = lab.roles(2)
    file.write_text(yaml.safe_dump(body))
    lab.kubectl("apply", "-f", str(file))
    lab.configured(since=0)
    lab.until(lambda seen: seen.ready() and len(seen.members()) == 3)
    lab.kubectl("delete", "-f", str(file), "--timeout=60s")
    assert lab.list("kubedirectorclusters") == []
