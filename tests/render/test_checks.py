"""Findings that recorded verdicts do not have: each names its field and a remedy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kdasync.errors import DefinitionError
from kdasync.render.checks import check_app, check_cluster
from kdasync.render.view import role_view

LIMITS = {"cpu": "1", "memory": "1Gi"}


def found(view: Any) -> set[tuple[str, str]]:
    return {(error.field, error.reason) for error in check_cluster(view.cluster, view.app, view.config)}


def test_a_sound_cluster(build: Any) -> None:
    view = build(
        role={
            "storage": {"size": "1Gi"},
            "secret": {"name": "s", "mountPath": "/s"},
            "podLabels": {"a.b/c": "d", "e": ""},
            "members": 3,
        }
    )
    assert check_cluster(view.cluster, view.app) == ()
    assert check_app(view.app) == ()


@pytest.mark.parametrize(
    ("role", "field", "reason"),
    [
        ({"members": 0}, "spec.roles[0].members", "CardinalityBroken"),
        ({"members": 1001}, "spec.roles", "TooManyMembers"),
        ({"storage": {"size": "big"}}, "spec.roles[0].storage.size", "InvalidSize"),
        ({"sharedMemory": "0"}, "spec.roles[0].sharedMemory", "InvalidSize"),
        ({"secret": {"name": "s", "mountPath": "/run"}}, "spec.roles[0]", "MountClash"),
        (
            {"volumeProjections": [{"pvcName": "a", "mountPath": "/a"}, {"pvcName": "b", "mountPath": "/a"}]},
            "spec.roles[0]",
            "MountClash",
        ),
        ({"serviceLabels": {"a/b/c": "x"}}, "spec.roles[0].serviceLabels", "InvalidLabel"),
        ({"podLabels": {"a": "-x"}}, "spec.roles[0].podLabels[a]", "InvalidLabel"),
        ({"podAnnotations": {"a": "x" * 300_000}}, "spec.roles[0].podAnnotations", "InvalidLabel"),
        ({"resources": {"limits": {**LIMITS, "x.y/z": "lots"}}}, "spec.roles[0].resources.limits[x.y/z]", "InvalidQuantity"),
        ({"resources": {"limits": LIMITS, "requests": {"cpu": "2"}}}, "spec.roles[0].resources.requests[cpu]", "RequestAboveLimit"),
        (
            {"blockStorage": {"pathPrefix": "/dev/x", "numDevices": 10**9, "storageClassName": "s"}},
            "spec.roles[0].blockStorage.numDevices",
            "TooManyDevices",
        ),
    ],
)
def test_role(build: Any, role: Any, field: str, reason: str) -> None:
    assert found(build(role=role)) == {(field, reason)}


def test_long_name(build: Any) -> None:
    view = build()
    meta = msgspec.structs.replace(view.cluster.metadata, name="a" * 64)
    cluster = msgspec.structs.replace(view.cluster, metadata=meta)
    assert [error.reason for error in check_cluster(cluster, view.app)] == ["NameTooLong"]


def test_minimum_resources(build: Any) -> None:
    app_role = {"minResources": {"cpu": "0.5", "memory": "2Gi"}, "minStorage": {"size": "10Gi"}}
    assert found(build(app_role=app_role)) == {
        ("spec.roles[0].resources.requests[memory]", "BelowMinimum"),
        ("spec.roles[0].storage.size", "BelowMinimum"),
    }
    enough = {
        "resources": {"limits": {"cpu": "1", "memory": "2Gi"}, "requests": {"cpu": "100m", "memory": "2Gi"}},
        "storage": {"size": "10Gi"},
    }
    assert found(build(app_role=app_role, role=enough)) == set()


def test_ephemeral_mode_needs_no_storage(build: Any) -> None:
    assert found(build(app_role={"minStorage": {"size": "10Gi", "ephemeralModeSupported": True}})) == set()


@pytest.mark.parametrize("name", ["123", "a--b", "-a"])
def test_a_service_that_cannot_name_a_port(build: Any, name: str) -> None:
    app = {
        "services": [{"id": name, "endpoint": {"port": 80}}],
        "config": {"roleServices": [{"roleID": "r", "serviceIDs": [name]}]},
    }
    assert found(build(app=app)) == {("spec.roles[0].id", "InvalidPort")}


def test_one_port_twice(build: Any) -> None:
    app = {
        "services": [{"id": "a", "endpoint": {"port": 80}}, {"id": "b", "endpoint": {"port": 80}}],
        "config": {"roleServices": [{"roleID": "r", "serviceIDs": ["a", "b"]}]},
    }
    assert found(build(app=app)) == {("spec.roles[0].id", "InvalidPort")}


def test_cgroup_mounts_clash_only_where_they_are(build: Any) -> None:
    role = {"volumeProjections": [{"pvcName": "a", "mountPath": "/sys/fs/cgroup"}]}
    assert found(build(app={"systemdRequired": True}, role=role)) == {("spec.roles[0]", "MountClash")}
    assert found(build(app={"systemdRequired": True}, role=role, config={"nativeSystemdSupport": True})) == set()


def test_a_broken_cardinality_is_the_apps_fault(build: Any) -> None:
    view = build(app_role={"cardinality": "some"}, role={"members": 1})
    assert check_cluster(view.cluster, view.app) == ()
    assert [error.field for error in check_app(view.app)] == ["spec.roles[0].cardinality"]


@pytest.mark.parametrize("path", ["/", "/.", "/a/..", "//."])
def test_the_root_directory_cannot_be_persisted(build: Any, path: str) -> None:
    assert [error.field for error in check_app(build(app_role={"persistDirs": [path]}).app)] == ["spec.roles[0].persistDirs"]


def test_unknown_role_has_no_view(build: Any) -> None:
    view = build()
    with pytest.raises(DefinitionError) as caught:
        role_view(view.cluster, view.app, view.config, "other")
    assert caught.value.reason == "UnknownRole"
