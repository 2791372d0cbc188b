"""Volumes of a role: what a pod mounts, and the claims its StatefulSet makes.

One list of `Mount` is the source of the pod's volumes and of the container's mounts, so that they cannot disagree.
Source: spec/kubedirector-runtime.md section 2.5.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

import msgspec

from kdasync.render import names
from kdasync.render.view import RoleView

CLAIM = "p"
_OWN = ("/etc",)
_OWN_PACKAGE = ("/etc", "/opt", "/usr")
_OWN_PACKAGE_NEW_LAYOUT = ("/etc", "/opt/guestconfig", "/var/log/guestconfig", "/usr/local/bin", "/usr/local/lib")
_MEMORY = (("tmpfs-tmp", "/tmp"), ("tmpfs-run", "/run"), ("tmpfs-run-lock", "/run/lock"))  # noqa: S108 - paths of the guest
_MEMORY_LIMIT = "20Gi"


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """One mount; `source` is the volume's definition, None for a claim of the StatefulSet."""

    volume: str
    path: str
    source: dict[str, Any] | None = None
    sub_path: str = ""
    read_only: bool = False


def persisted(view: RoleView) -> tuple[str, ...]:
    """Directories kept on the claim: KubeDirector's own, then the app's, none inside another one."""
    if view.role.storage is None:
        return ()
    package = view.package
    own = _OWN if package is None else _OWN_PACKAGE_NEW_LAYOUT if package.use_new_setup_layout else _OWN_PACKAGE
    paths = tuple(dict.fromkeys(posixpath.normpath(f"/{path.lstrip('/')}") for path in (*own, *(view.app_role.persist_dirs or []))))
    return tuple(path for path in paths if not any(_inside(path, other) for other in paths))


def mounts(view: RoleView) -> tuple[Mount, ...]:
    """All mounts of the app container, in KubeDirector's order."""
    return (*_claimed(view), *_memory(), *_secret(view), *_projected(view), *_shared_memory(view), *_cgroups(view))


def volumes(all_mounts: Iterable[Mount]) -> list[dict[str, Any]]:
    """The pod's volumes, each once."""
    found = {mount.volume: {"name": mount.volume, **mount.source} for mount in all_mounts if mount.source is not None}
    return list(found.values())


def volume_mounts(all_mounts: Iterable[Mount]) -> list[dict[str, Any]]:
    """The container's mounts."""
    return [_volume_mount(mount) for mount in all_mounts]


def block_paths(view: RoleView) -> tuple[str, ...]:
    """Paths of a member's raw devices; the same text goes to its status."""
    block = view.role.block_storage
    return tuple(f"{block.path_prefix}{index}" for index in range(block.num_devices)) if block else ()


def volume_devices(view: RoleView) -> list[dict[str, Any]]:
    """The container's raw devices."""
    return [{"name": f"b{index}", "devicePath": path} for index, path in enumerate(block_paths(view))]


def claim_templates(view: RoleView) -> list[dict[str, Any]]:
    """Claims that the StatefulSet makes for each member."""
    templates = []
    if storage := view.role.storage:
        templates.append(_template(CLAIM, size=storage.size, storage_class=storage.storage_class_name))
    if block := view.role.block_storage:
        template = {"size": block.size or "1Gi", "storage_class": block.storage_class_name, "mode": "Block"}
        templates += [_template(f"b{index}", **template) for index in range(block.num_devices)]
    return templates


def _template(name: str, *, size: str, storage_class: str | None, mode: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    if mode:
        spec["volumeMode"] = mode
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def _inside(path: str, other: str) -> bool:
    return path != other and path.startswith(other.rstrip("/") + "/")


def _claimed(view: RoleView) -> Iterable[Mount]:
    return (Mount(volume=CLAIM, path=path, sub_path=path.lstrip("/")) for path in persisted(view))


def _memory() -> Iterable[Mount]:
    return (Mount(volume=volume, path=path, source=_empty_dir(_MEMORY_LIMIT)) for volume, path in _MEMORY)


def _secret(view: RoleView) -> Iterable[Mount]:
    if secret := view.role.secret:
        source: dict[str, Any] = {"secretName": secret.name}
        if secret.default_mode is not None:
            source["defaultMode"] = secret.default_mode
        name = names.secret_volume(secret.name)
        yield Mount(volume=name, path=secret.mount_path, source={"secret": source}, read_only=secret.read_only)


def _projected(view: RoleView) -> Iterable[Mount]:
    for index, projection in enumerate(view.role.volume_projections):
        source: dict[str, Any] = {"claimName": projection.pvc_name}
        if projection.read_only:
            source["readOnly"] = True
        yield Mount(
            volume=f"projected-vol-{index}",
            path=projection.mount_path,
            source={"persistentVolumeClaim": source},
            read_only=projection.read_only,
        )


def _shared_memory(view: RoleView) -> Iterable[Mount]:
    if size := view.role.shared_memory:
        yield Mount(volume="shmem", path="/dev/shm", source=_empty_dir(size))  # noqa: S108 - a path of the guest


def _cgroups(view: RoleView) -> Iterable[Mount]:
    if view.app.spec.systemd_required and not view.config.native_systemd_support:
        yield Mount(volume="cgroupfs", path="/sys/fs/cgroup", source=_host_path("/sys/fs/cgroup"), read_only=True)
        yield Mount(volume="systemd", path="/sys/fs/cgroup/systemd", source=_host_path("/sys/fs/cgroup/systemd"))


def _empty_dir(size: str) -> dict[str, Any]:
    return {"emptyDir": {"medium": "Memory", "sizeLimit": size}}


def _host_path(path: str) -> dict[str, Any]:
    return {"hostPath": {"path": path}}


def _volume_mount(mount: Mount) -> dict[str, Any]:
    body: dict[str, Any] = {"name": mount.volume, "mountPath": mount.path}
    if mount.sub_path:
        body["subPath"] = mount.sub_path
    if mount.read_only:
        body["readOnly"] = True
    return body
