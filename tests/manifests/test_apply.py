"""`kubectl apply -k manifests/operator` works; devcluster serves all of it but the Deployment, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


async def test_everything_but_the_deployment_is_applied(kubectl: Any, base: Path) -> None:
    code, out, err = await kubectl.run("apply", "-k", str(base))
    assert code != 0
    assert [line for line in err.splitlines() if "no matches for kind" in line] == [
        line for line in err.splitlines() if '"Deployment"' in line
    ]
    _, built, _ = await kubectl.run("kustomize", str(base))
    objects = [item for item in yaml.safe_load_all(built) if item["kind"] != "Deployment"]
    assert len(objects) == 10
    code, out, err = await kubectl.run("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
    assert code == 0, err
    assert len(out.splitlines()) == 10
    code, out, _ = await kubectl.run("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
    assert code == 0
    assert {line.rsplit(" ", 1)[1] for line in out.splitlines()} == {"unchanged"}


async def test_the_pod_of_the_deployment_is_accepted(kubectl: Any, base: Path) -> None:
    _, built, _ = await kubectl.run("kustomize", str(base))
    objects = {item["kind"]: item for item in yaml.safe_load_all(built)}
    template = objects["Deployment"]["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": "kdasync"}, "spec": template["spec"]}
    needed = [
        objects["Namespace"],
        objects["ServiceAccount"],
        {**pod, "metadata": {**pod["metadata"], "namespace": "kubedirector"}},
    ]
    code, _, err = await kubectl.run("apply", "-f", "-", stdin=yaml.safe_dump_all(needed))
    assert code == 0, err


async def test_an_overlay_moves_everything_to_another_namespace(kubectl: Any, base: Path, tmp_path: Path) -> None:
    overlay = base.parent / "operator"
    folder = tmp_path / "overlay"
    folder.mkdir()
    relative = Path(*[".."] * len(folder.resolve().parts[1:])) / overlay.resolve().relative_to("/")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"namespace": "elsewhere", "resources": [str(relative)]}))
    code, built, err = await kubectl.run("kustomize", str(folder))
    assert code == 0, err
    objects = list(yaml.safe_load_all(built))
    spaces = {item["metadata"]["namespace"] for item in objects if "namespace" in item["metadata"]}
    subjects = {subject["namespace"] for item in objects for subject in item.get("subjects", [])}
    assert (spaces, subjects) == ({"elsewhere"}, {"elsewhere"})
    assert next(item["metadata"]["name"] for item in objects if item["kind"] == "Namespace") == "elsewhere"
