"""The Deployment fits the program: its knobs, its port, its probes, and the restricted Pod Security Standard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from kdasync import settings
from kdasync.cli.run import command
from kdasync.devcluster.image.recipe import read
from kdasync.settings import Settings


def container(parts: dict[str, Any]) -> dict[str, Any]:
    (found,) = parts["Deployment"]["spec"]["template"]["spec"]["containers"]
    return found


def test_its_variables_are_knobs_and_switch_the_election_on(parts: dict[str, Any]) -> None:
    values = {item["name"]: item.get("value", "a-namespace") for item in container(parts)["env"]}
    fields = Settings.__struct_fields__
    assert all(name.removeprefix(settings.PREFIX).lower() in fields for name in values)
    chosen = settings.load(values)
    assert (chosen.leader_election, chosen.namespace) == (True, "a-namespace")


def test_it_has_a_stand_by_that_may_hold_the_lease_of_this_name(parts: dict[str, Any]) -> None:
    assert parts["Deployment"]["spec"]["replicas"] == 2
    assert [rule.get("resourceNames") for rule in parts["Role"]["rules"]] == [None, [Settings().lease_name]]


def test_its_port_and_probes_are_the_programs(parts: dict[str, Any]) -> None:
    found = container(parts)
    assert found["ports"] == [{"name": "metrics", "containerPort": Settings().http_port}]
    paths = {found[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")}
    assert (paths, found["readinessProbe"]["httpGet"]["path"]) == ({"/healthz"}, "/readyz")
    assert command.name == found["args"][0]


def test_it_is_restricted(parts: dict[str, Any]) -> None:
    pod, own = parts["Deployment"]["spec"]["template"]["spec"], container(parts)["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert "volumes" in pod
    assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} == {"emptyDir"}


def test_recipe_and_dockerfile_make_the_image_that_it_names(parts: dict[str, Any], base: Path) -> None:
    recipe = read(base / "image" / "recipe.yaml")
    lines = (base / "image" / "Dockerfile").read_text().splitlines()
    assert recipe.references == (container(parts)["image"],)
    assert container(parts)["image"] in lines[0]
    assert f'ENTRYPOINT ["{recipe.entrypoint[0]}"]' in lines
    user = parts["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert recipe.user == f"{user}:{user}"
    assert f"USER {recipe.user}" in lines


def test_the_base_names_every_definition(base: Path) -> None:
    folder = base.parent / "crds"
    listed = yaml.safe_load((folder / "Kustomization").read_text())["resources"]
    assert listed == sorted(path.name for path in folder.glob("*.yaml"))
