"""The additive block `spec.kdasync` is checked where KubeDirector's own fields are not touched."""

from __future__ import annotations

from typing import Any

import pytest

APP = {
    "apiVersion": "kubedirector.hpe.com/v1beta1",
    "kind": "KubeDirectorApp",
    "metadata": {"name": "a"},
    "spec": {
        "label": {"name": "A"},
        "distroID": "d",
        "version": "1",
        "configSchemaVersion": 7,
        "roles": [],
        "config": {"selectedRoles": [], "roleServices": []},
    },
}


def app(**policy: Any) -> dict[str, Any]:
    return {**APP, "spec": {**APP["spec"], "kdasync": {"roles": [{"id": "r", **policy}]}}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"onRestart": "configure", "claims": "retain", "executor": "one"},
        {"command": ["sleep", "inf"], "configureSeconds": 0.5, "retries": 0, "terminationGraceSeconds": 0},
    ],
)
def test_accepted(kinds: Any, policy: Any) -> None:
    kind = kinds["KubeDirectorApp"]
    assert kind.errors(app(**policy)) == []
    assert kind.prune(app(**policy)) == app(**policy)


@pytest.mark.parametrize("policy", [{"onRestart": "never"}, {"claims": "keep"}, {"executor": "two"}, {"retries": -1}, {"id": ""}])
def test_refused(kinds: Any, policy: Any) -> None:
    assert kinds["KubeDirectorApp"].errors(app(**policy))


def test_unknown_policy_is_pruned(kinds: Any) -> None:
    assert kinds["KubeDirectorApp"].prune(app(future=1)) == app()
