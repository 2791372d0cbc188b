"""Volumes, mounts and claims follow the role's wishes (spec/kubedirector-runtime.md section 2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.render.statefulset import pod_spec, statefulset
from kdasync.render.volumes import block_paths, persisted

MEMORY = ["tmpfs-tmp", "tmpfs-run", "tmpfs-run-lock"]
STORAGE = {"storage": {"size": "1Gi"}}


def volumes(view: Any) -> dict[str, Any]:
    return {item.pop("name"): item for item in pod_spec(view)["volumes"]}


def mounts(view: Any) -> dict[str, Any]:
    return {item["mountPath"]: item for item in pod_spec(view)["containers"][0]["volumeMounts"]}


def test_memory_only_by_default(build: Any) -> None:
    assert list(volumes(build())) == MEMORY
    assert list(mounts(build())) == ["/tmp", "/run", "/run/lock"]  # noqa: S108 - paths of the guest


def test_order_of_mounts(build: Any) -> None:
    view = build(
        app={"systemdRequired": True},
        role={
            **STORAGE,
            "secret": {"name": "s", "mountPath": "/secret"},
            "volumeProjections": [{"pvcName": "data", "mountPath": "/data"}],
            "sharedMemory": "2Gi",
        },
    )
    assert list(mounts(view)) == [
        "/etc",
        "/tmp",  # noqa: S108
        "/run",
        "/run/lock",
        "/secret",
        "/data",
        "/dev/shm",  # noqa: S108
        "/sys/fs/cgroup",
        "/sys/fs/cgroup/systemd",
    ]


@pytest.mark.parametrize(
    ("package", "own"),
    [
        (None, ["/etc"]),
        ({"packageURL": "http://x/p.tgz"}, ["/etc", "/opt", "/usr"]),
        (
            {"packageURL": "http://x/p.tgz", "useNewSetupLayout": True},
            ["/etc", "/opt/guestconfig", "/var/log/guestconfig", "/usr/local/bin", "/usr/local/lib"],
        ),
    ],
)
def test_kubedirectors_own_directories_come_first(build: Any, package: Any, own: list[str]) -> None:
    view = build(app_role={"configPackage": package, "persistDirs": ["/home"]}, role=STORAGE)
    assert list(persisted(view)) == [*own, "/home"]


def test_covered_and_repeated_directories_are_dropped(build: Any) -> None:
    dirs = ["/home/a", "home", "/etc/hadoop", "/home", "/data/../home/b", "/homely"]
    assert persisted(build(app_role={"persistDirs": dirs}, role=STORAGE)) == ("/etc", "/home", "/homely")


def test_nothing_is_persisted_without_storage(build: Any) -> None:
    view = build(app_role={"persistDirs": ["/home"]})
    assert persisted(view) == ()
    assert "initContainers" not in pod_spec(view)
    assert "volumeClaimTemplates" not in statefulset(view, 1).body["spec"]


def test_claim(build: Any) -> None:
    (claim,) = statefulset(build(role=STORAGE), 1).body["spec"]["volumeClaimTemplates"]
    assert claim["metadata"] == {"name": "p"}
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "std",
    }
    assert mounts(build(role=STORAGE))["/etc"] == {"name": "p", "mountPath": "/etc", "subPath": "etc"}


def test_block_devices(build: Any) -> None:
    block = {"pathPrefix": "/dev/xvd", "numDevices": 2, "storageClassName": "fast"}
    view = build(role={"blockStorage": block})
    first, second = statefulset(view, 1).body["spec"]["volumeClaimTemplates"]
    assert (first["metadata"]["name"], second["metadata"]["name"]) == ("b0", "b1")
    assert first["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
        "volumeMode": "Block",
    }
    assert block_paths(view) == ("/dev/xvd0", "/dev/xvd1")
    assert pod_spec(view)["containers"][0]["volumeDevices"] == [
        {"name": "b0", "devicePath": "/dev/xvd0"},
        {"name": "b1", "devicePath": "/dev/xvd1"},
    ]


def test_secret(build: Any) -> None:
    view = build(role={"secret": {"name": "hpecp-x", "mountPath": "/s", "defaultMode": 256, "readOnly": True}})
    assert volumes(view)["secret-vol-hpecp-x"] == {"secret": {"secretName": "hpecp-x", "defaultMode": 256}}
    assert mounts(view)["/s"] == {"name": "secret-vol-hpecp-x", "mountPath": "/s", "readOnly": True}


def test_default_secret_reaches_the_role(build: Any) -> None:
    view = build(cluster={"defaultSecret": {"name": "d", "mountPath": "/d"}})
    assert mounts(view)["/d"]["name"] == "secret-vol-d"
    assert volumes(view)["secret-vol-d"] == {"secret": {"secretName": "d"}}


def test_projected_claims(build: Any) -> None:
    projections = [{"pvcName": "a", "mountPath": "/a"}, {"pvcName": "b", "mountPath": "/b", "readOnly": True}]
    view = build(role={"volumeProjections": projections})
    assert volumes(view)["projected-vol-0"] == {"persistentVolumeClaim": {"claimName": "a"}}
    assert volumes(view)["projected-vol-1"] == {"persistentVolumeClaim": {"claimName": "b", "readOnly": True}}
    assert mounts(view)["/b"]["readOnly"] is True


def test_shared_memory(build: Any) -> None:
    view = build(role={"sharedMemory": "2Gi"})
    assert volumes(view)["shmem"] == {"emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}


def test_cgroups_unless_the_runtime_does_it(build: Any) -> None:
    systemd = {"systemdRequired": True}
    view = build(app=systemd)
    assert volumes(view)["cgroupfs"] == {"hostPath": {"path": "/sys/fs/cgroup"}}
    assert mounts(view)["/sys/fs/cgroup"]["readOnly"] is True
    assert "readOnly" not in mounts(view)["/sys/fs/cgroup/systemd"]
    assert list(volumes(build(app=systemd, config={"nativeSystemdSupport": True}))) == MEMORY
