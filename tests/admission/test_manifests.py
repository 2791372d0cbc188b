"""`manifests/admission` is what the code says, and kustomize makes one installation of it and `manifests/operator`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kdasync.admission.expressions import with_rules
from kdasync.admission.policies import text
from kdasync.admission.registration import NAME, SELECTOR, service
from kdasync.admission.rules import RULES
from kdasync.api.schema import definitions

FOLDER = Path(__file__).parents[2] / "manifests" / "admission"


def one(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def test_policies_are_up_to_date() -> None:
    body = (FOLDER / "policies.yaml").read_text()
    assert body.partition("\n")[2] == text().partition("\n")[2], "run python -m kdasync.admission.policies"


def test_the_service_is_the_registered_one() -> None:
    found, wanted = one("service.yaml"), service()
    assert (found["metadata"]["name"], found["spec"]) == (wanted["metadata"]["name"], wanted["spec"])
    labels = yaml.safe_load((FOLDER.parent / "operator" / "deployment.yaml").read_text())["spec"]["template"]["metadata"]["labels"]
    assert SELECTOR.items() <= labels.items()


def test_no_wildcards_and_the_registration_by_name() -> None:
    rules = one("cluster-role.yaml")["rules"] + one("role.yaml")["rules"]
    assert not [rule for rule in rules for values in rule.values() if "*" in values]
    changing = [rule for rule in rules if {"update", "patch", "delete"} & set(rule["verbs"])]
    assert all(rule["resourceNames"] for rule in changing)
    assert [NAME] in [rule["resourceNames"] for rule in changing]


def test_one_installation(tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on this machine")
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    for name in ("operator", "admission", "crds"):
        shutil.copytree(FOLDER.parent / name, tmp_path / name)
    (overlay / "kustomization.yaml").write_text("resources: [../operator]\ncomponents: [../admission]\n")
    made = subprocess.run(["kubectl", "kustomize", str(overlay)], capture_output=True, text=True, check=True).stdout
    kinds = [body["kind"] for body in yaml.safe_load_all(made)]
    assert kinds.count("ValidatingAdmissionPolicy") == 4
    assert "KDASYNC_WEBHOOK" in made


def test_every_expression_hangs_where_its_schema_is() -> None:
    found = [validation["rule"] for body in definitions() for validation in _validations(with_rules(body, RULES))]
    assert sorted(found) == sorted(entry.holds for rule in RULES for entry in rule.cel)


def _validations(node: Any) -> list[Any]:
    if isinstance(node, list):
        return [item for inner in node for item in _validations(inner)]
    if not isinstance(node, dict):
        return []
    return [*node.get("x-kubernetes-validations", []), *(item for inner in node.values() for item in _validations(inner))]
