"""What `kdasync lint` says offline is what the server says, on every recorded object: the same verdict for the same fields."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kdasync.cli.lint.check import Linter
from kdasync.cli.lint.documents import Document, documents

SAMPLES = ("apps", "clusters", "configs")
KINDS = {
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "storageclasses": "StorageClass",
    "serviceaccounts": "ServiceAccount",
}


def parsed(name: str, body: Any) -> list[Any]:
    return list(documents(name, json.dumps(body).encode()))


def world(setup: list[Any]) -> Linter:
    """A linter that knows the objects that were there when the verdicts were recorded."""
    linter = Linter(namespace="default", operator_namespace="kubedirector", complete=True)
    account = {"path": "/api/v1/namespaces/default/serviceaccounts", "object": {"metadata": {"name": "default"}}}
    items = []
    for item in (account, *setup):
        plural = item["path"].rsplit("/", 1)[-1]
        spaced = {"namespace": "kubedirector"} if "namespaces/kubedirector" in item["path"] else {}
        body = {"kind": KINDS.get(plural), **item["object"]}
        items += parsed(plural, {**body, "metadata": {**body["metadata"], **spaced}})
    assert [finding for finding in linter.lint(items) if finding.level == "error"] == []
    return linter


def fields(answer: Any) -> set[str]:
    causes = (answer.json.get("details") or {}).get("causes") or ()
    return {cause["field"] for cause in causes}


async def test_every_recorded_object(site: Any, verdicts: list[Any]) -> None:
    setup = verdicts[0]["setup"]
    await site.must("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    for item in setup:
        await site.must("POST", item["path"], item["object"])
    linter = world(setup)
    compared = 0
    for case in verdicts[1:]:
        body = {**case["object"], "metadata": {**case["object"]["metadata"], "name": f"case-{case['id']}"}}
        answer = await site.create(body, dryRun="All")
        (item,) = parsed("case.json", body)
        errors = {finding.field for finding in linter.check(item) if finding.level == "error"}
        assert errors == (fields(answer) if answer.status >= 300 else set()), (case["id"], answer.json)
        compared += 1
    assert compared == 3000


async def test_every_sample(site: Any, verdicts: list[Any]) -> None:
    del verdicts
    folder = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared")) / "testdata" / "kubedirector"
    files = sorted(path for name in SAMPLES for path in (folder / name).iterdir())
    items = [item for path in files for item in documents(path.name, path.read_bytes())]
    linter = Linter(namespace="default", operator_namespace="kubedirector", complete=False)
    assert [finding for finding in linter.lint(items) if finding.level == "error"] == []
    assert len(items) >= len(files) > 10
    for name, default in (("std", "true"), ("local-path", "false"), ("gp2", "false")):
        notes = {"storageclass.kubernetes.io/is-default-class": default}
        body = {"metadata": {"name": name, "annotations": notes}, "provisioner": "x/y"}
        await site.must("POST", "/apis/storage.k8s.io/v1/storageclasses", body)
    for kind in ("KubeDirectorConfig", "KubeDirectorApp", "KubeDirectorCluster"):
        for item in items:
            assert isinstance(item, Document)
            if item.value["kind"] == kind:
                space = {"namespace": "kubedirector"} if kind == "KubeDirectorConfig" else {}
                answer = await site.create({**item.value, "metadata": {**item.value["metadata"], **space}}, dryRun="")
                assert answer.status in (201, 409), (item.file, answer.message)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"roles": [{"id": "nobody", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}, "spec.roles[0].id"),
        ({"app": "missing"}, "spec.app"),
        ({"serviceType": "Magic"}, "spec.serviceType"),
    ],
)
async def test_own_cases(site: Any, body: Any, field: str, app: Any, cluster: Any) -> None:
    await site.must("POST", site.path(app), app)
    bad = {**cluster, "spec": {**cluster["spec"], **body}}
    assert field in fields(await site.create(bad))
    linter = Linter(namespace="default", operator_namespace="kubedirector", complete=True)
    found = linter.lint([*parsed("app.json", app), *parsed("bad.json", bad)])
    assert field in {finding.field for finding in found if finding.level == "error"}
