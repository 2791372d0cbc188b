"""What the operator writes passes the CRD whole: KubeDirector's recorded status, and every field of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kdasync.api.cluster import ClusterStatus
from kdasync.api.memory import Memory

SCALARS: dict[type, object] = {
    msgspec.inspect.BoolType: True,
    msgspec.inspect.IntType: 7,
    msgspec.inspect.FloatType: 7,
    msgspec.inspect.StrType: "text",
}
BASE = {"apiVersion": "kubedirector.hpe.com/v1beta1", "metadata": {"name": "c"}}


def filled(node: Any) -> Any:
    """A value that sets every field of a type."""
    match node:
        case msgspec.inspect.StructType():
            return {item.encode_name: filled(item.type) for item in node.fields}
        case msgspec.inspect.ListType():
            return [filled(node.item_type)]
        case msgspec.inspect.DictType():
            return {"key": filled(node.value_type)}
        case msgspec.inspect.UnionType():
            return filled(next(kind for kind in node.types if not isinstance(kind, msgspec.inspect.NoneType)))
        case _:
            return SCALARS[type(node)]


@pytest.fixture
def everything() -> dict[str, Any]:
    status: dict[str, Any] = filled(msgspec.inspect.type_info(ClusterStatus))
    status["conditions"][0] |= {"status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return status


def test_every_field_of_ours(kinds: Any, everything: Any) -> None:
    cluster = {**BASE, "kind": "KubeDirectorCluster", "spec": {"app": "a", "roles": []}, "status": everything}
    assert kinds["KubeDirectorCluster"].prune(cluster) == cluster
    assert kinds["KubeDirectorCluster"].errors(cluster) == []


def test_every_field_in_a_backup(kinds: Any, everything: Any) -> None:
    backup = {**BASE, "kind": "KubeDirectorStatusBackup", "spec": {"statusBackup": everything}}
    assert kinds["KubeDirectorStatusBackup"].prune(backup) == backup
    assert kinds["KubeDirectorStatusBackup"].errors(backup) == []


def test_every_field_survives_our_own_codec(everything: Any) -> None:
    assert msgspec.to_builtins(msgspec.convert(everything, ClusterStatus)) == everything


def test_default_values_are_valid_too(kinds: Any) -> None:
    status = msgspec.to_builtins(ClusterStatus(kdasync=Memory()))
    cluster = {**BASE, "kind": "KubeDirectorCluster", "spec": {"app": "a", "roles": []}, "status": status}
    assert kinds["KubeDirectorCluster"].errors(cluster) == []


@pytest.mark.parametrize("wrong", [{"members": [{"nodeID": "one"}]}, {"log": [{}]}, {"since": "now"}])
def test_a_memory_that_could_not_be_read_is_refused(kinds: Any, wrong: Any) -> None:
    cluster = {**BASE, "kind": "KubeDirectorCluster", "spec": {"app": "a", "roles": []}, "status": {"kdasync": wrong}}
    assert kinds["KubeDirectorCluster"].errors(cluster)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Memory)


def test_recorded_status(kinds: Any, record_path: Path) -> None:
    cluster = json.loads(record_path.read_text())["stored"]["cluster"]
    assert kinds["KubeDirectorCluster"].prune(cluster) == cluster
    assert kinds["KubeDirectorCluster"].errors(cluster) == []
    decoded = msgspec.convert(cluster["status"], ClusterStatus)
    assert msgspec.convert(msgspec.to_builtins(decoded), ClusterStatus) == decoded
