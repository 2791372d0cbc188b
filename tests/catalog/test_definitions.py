from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from kdasync.api.app import KubeDirectorApp
from kdasync.devcluster.image.recipe import read

CRDS = Path(__file__).parents[2] / "manifests" / "crds"


def schema(plural: str) -> dict[str, Any]:
    crd = yaml.safe_load((CRDS / f"kubedirector.hpe.com_{plural}.yaml").read_text())
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def clusters(folder: Path) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("clusters/*.yaml"))]


def test_app_fits_the_schema(app: dict[str, Any]) -> None:
    assert list(jsonschema.Draft202012Validator(schema("kubedirectorapps")).iter_errors(app)) == []


def test_schema_refuses_a_broken_app(app: dict[str, Any]) -> None:
    app["spec"]["roles"][0]["cardinality"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(app, schema("kubedirectorapps"))


def test_clusters_fit_the_schema_and_the_app(app: dict[str, Any], app_folder: Path) -> None:
    least = {role["id"]: int(role["cardinality"].rstrip("+")) for role in app["spec"]["roles"]}
    found = clusters(app_folder)
    assert {cluster["metadata"]["name"] for cluster in found} >= {f"{app_folder.name}-small", f"{app_folder.name}-ha"}
    for cluster in found:
        jsonschema.validate(cluster, schema("kubedirectorclusters"))
        assert cluster["spec"]["app"] == app["metadata"]["name"]
        asked = {role["id"]: role["members"] for role in cluster["spec"]["roles"]}
        assert asked.keys() <= least.keys()
        assert all(asked.get(role, 0) >= number for role, number in least.items())


def test_no_field_of_the_app_is_unknown(app: dict[str, Any]) -> None:
    read_back = msgspec.to_builtins(msgspec.convert(app, KubeDirectorApp))
    known = {field.encode_name for field in msgspec.structs.fields(KubeDirectorApp)} | {"spec"}
    assert set(app) <= known
    assert read_back["spec"]["kdasync"] == msgspec.to_builtins(msgspec.convert(app, KubeDirectorApp).spec.kdasync)
    for given, policy in zip(app["spec"]["kdasync"]["roles"], read_back["spec"]["kdasync"]["roles"], strict=True):
        assert given == policy


def test_gate_runs_and_the_member_is_set_up_again_after_a_restart(app: dict[str, Any]) -> None:
    policies = {policy["id"]: policy for policy in app["spec"]["kdasync"]["roles"]}
    assert policies.keys() == {role["id"] for role in app["spec"]["roles"]}
    for policy in policies.values():
        assert policy["command"][:2] == ["sh", "-c"]
        assert policy["command"][2].endswith("exec sh /run/kd/start")
        assert policy["onRestart"] == "configure"


def test_recipe_makes_the_apps_image(app: dict[str, Any], app_folder: Path) -> None:
    assert app["spec"]["defaultImageRepoTag"] in read(app_folder / "image" / "recipe.yaml").references


def test_readme_says_what_the_app_has(app: dict[str, Any], app_folder: Path) -> None:
    readme = (app_folder / "README.md").read_text()
    ports = {service["id"]: service["endpoint"]["port"] for service in app["spec"]["services"]}
    given = {item["roleID"]: item["serviceIDs"] for item in app["spec"]["config"]["roleServices"]}
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+)$", readme, re.MULTILINE))
    assert rows.keys() == {role["id"] for role in app["spec"]["roles"]}
    for role in app["spec"]["roles"]:
        cells = [cell.strip() for cell in rows[role["id"]].split("|")]
        assert cells[0] == role["cardinality"]
        assert cells[1] == ", ".join(f"`{service}` ({ports[service]})" for service in given[role["id"]])
    assert f"`{app['spec']['defaultImageRepoTag']}`" in readme
    assert f"`{app['spec']['defaultConfigPackage']['packageURL'].rsplit('/', 1)[1]}`" in readme
