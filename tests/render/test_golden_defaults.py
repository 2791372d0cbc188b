"""Our admission defaults store what the real KubeDirector stored."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.api.cluster import ClusterSpec
from kdasync.render.defaults import default_app
from kdasync.render.quantity import quantity

DIFFERENCES = {
    "resources": "KubeDirector's finalizer write rewrites quantities (0.5 -> 500m); we leave the user's text as it is",
    "connections": "the same write adds an empty object where the user gave none or empty lists; decoded they are equal",
}


def plain(spec: ClusterSpec) -> dict[str, Any]:
    body = {"connections": {}, **msgspec.to_builtins(spec)}
    for role in body["roles"]:
        role["resources"] = {
            kind: {key: quantity(amount) for key, amount in amounts.items()} for kind, amounts in role["resources"].items()
        }
    return body


def test_app(record: Any) -> None:
    assert default_app(record.app).spec == record.stored_app.spec


def test_cluster(record: Any) -> None:
    assert plain(record.defaulted.spec) == plain(record.stored.spec)


def test_defaults_are_idempotent(record: Any) -> None:
    app = default_app(record.app)
    assert default_app(app) == app
