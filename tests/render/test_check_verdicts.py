"""Our checks and defaults against 3,000 recorded answers of the real KubeDirector's webhook."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render.checks import check_app, check_cluster
from kdasync.render.defaults import default_app, default_cluster

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared"))
NULLS = ("configPackage", "defaultConfigPackage")  # where a null says something
TYPES = {"KubeDirectorApp": KubeDirectorApp, "KubeDirectorCluster": KubeDirectorCluster}

STRICTER = {
    "MountClash": "KubeDirector does not compare with persisted directories (F18); Kubernetes refuses the StatefulSet",
    "is more than the limit": "KubeDirector does not compare requests with limits; Kubernetes refuses the StatefulSet",
}
CAUGHT = {
    "KubeDirectorApp": (
        "Invalid service_id",
        "Invalid roleID",
        "Invalid element",
        "Each id in the",
        "Each element of",
        "Each roleID in",
        "has no specified image",
        "must include a urlScheme",
        "Minimum storage size",
        "requested TTY",
    ),
    "KubeDirectorCluster": (
        "Invalid role(",
        "Active role",
        "Invalid member count",
        "Each id in the roles",
        "Storage size for role",
        ".podLabels: Invalid",
        ".serviceLabels: Invalid",
        ".podAnnotations: Invalid",
        "It must be unique within the role",
    ),
}


class Case(msgspec.Struct, frozen=True):
    id: int
    kind: str
    code: int
    object: Any
    message: str | None = None
    spec: Any = None


def dropped(value: Any) -> Any:
    """As the API server does before admission: nulls that say nothing are gone."""
    if isinstance(value, dict):
        return {key: dropped(item) for key, item in value.items() if item is not None or key in NULLS}
    return [dropped(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def lines() -> list[dict[str, Any]]:
    if not SHARED.exists():
        pytest.skip("the recorded verdicts are not on this machine: set KDASYNC_SHARED")
    with gzip.open(SHARED / "testdata/kubedirector/verdicts.jsonl.gz", "rt") as text:
        return [json.loads(line) for line in text]


@pytest.fixture(scope="session")
def cases(lines: Any) -> list[Case]:
    return [msgspec.convert(line, Case) for line in lines[1:]]


@pytest.fixture(scope="session")
def world(lines: Any) -> tuple[dict[str, KubeDirectorApp], ConfigSpec]:
    setup = [item["object"] for item in lines[0]["setup"]]
    apps = [default_app(msgspec.convert(item, KubeDirectorApp)) for item in setup if item.get("kind") == "KubeDirectorApp"]
    config = next(item["spec"] for item in setup if item.get("kind") == "KubeDirectorConfig")
    return {app.metadata.name: app for app in apps}, msgspec.convert(config, ConfigSpec)


def decoded(case: Case) -> KubeDirectorApp | KubeDirectorCluster | None:
    try:
        return msgspec.convert(dropped(case.object), TYPES[case.kind])
    except msgspec.ValidationError:
        return None  # the schema refuses it


def findings(case: Case, world: Any) -> tuple[DefinitionError, ...] | None:
    apps, config = world
    found = decoded(case)
    if isinstance(found, KubeDirectorApp):
        return check_app(default_app(found))
    if found is None or found.spec.app not in apps:
        return None
    app = apps[found.spec.app]
    return check_cluster(default_cluster(found, app, config, default_storage_class="std", app_is_system=False), app, config)


def accepted(cases: list[Case]) -> Iterator[Case]:
    return (case for case in cases if case.code in (200, 201))


def explained(error: DefinitionError) -> bool:
    return error.reason in STRICTER or any(words in error.message for words in STRICTER)


def test_what_kubedirector_accepted_we_accept(cases: Any, world: Any) -> None:
    looked_at = {case.id: findings(case, world) for case in accepted(cases)}
    assert sum(result is not None for result in looked_at.values()) > 850
    wrong = {key: [str(error) for error in errors or () if not explained(error)] for key, errors in looked_at.items()}
    assert {key: errors for key, errors in wrong.items() if errors} == {}


def test_each_way_of_being_stricter_is_met(cases: Any, world: Any) -> None:
    met = {error.reason for case in accepted(cases) for error in findings(case, world) or ()}
    assert "MountClash" in met


@pytest.mark.parametrize(("kind", "words"), [(kind, words) for kind, all_words in CAUGHT.items() for words in all_words])
def test_what_kubedirector_refused_for_this_we_refuse(cases: Any, world: Any, kind: str, words: str) -> None:
    refused = [case for case in cases if case.kind == kind and case.code == 400 and words in (case.message or "")]
    results = {case.id: findings(case, world) for case in refused}
    assert [key for key, errors in results.items() if errors == ()] == []
    assert any(results.values())


def test_apps_are_stored_as_kubedirector_stored_them(cases: Any) -> None:
    count = 0
    for case in accepted(cases):
        found = decoded(case)
        if isinstance(found, KubeDirectorApp):
            assert default_app(found).spec == msgspec.convert({"spec": dropped(case.spec)}, KubeDirectorApp).spec, case.id
            count += 1
    assert count > 400


def test_clusters_are_stored_as_kubedirector_stored_them(cases: Any, world: Any) -> None:
    apps, config = world
    count = 0
    for case in accepted(cases):
        found = decoded(case)
        if isinstance(found, KubeDirectorCluster):
            full = default_cluster(found, apps[found.spec.app], config, default_storage_class="std", app_is_system=False)
            assert without_secrets(full.spec) == without_secrets(msgspec.convert(dropped(case.spec), ClusterSpec)), case.id
            count += 1
    assert count > 450


def without_secrets(spec: ClusterSpec) -> ClusterSpec:
    """Secret keys are encrypted at random, and not by the defaults."""
    return msgspec.structs.replace(spec, roles=[msgspec.structs.replace(role, secret_keys=[]) for role in spec.roles])
