"""The app container. It has no probes: whether a member works is asked in the guest.

Source: spec/kubedirector-runtime.md section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kdasync.render import keys
from kdasync.render.hook import post_start
from kdasync.render.init import resources
from kdasync.render.quantity import quantity
from kdasync.render.view import RoleView
from kdasync.render.volumes import Mount, volume_devices, volume_mounts


def app_container(view: RoleView, mounts: Iterable[Mount]) -> dict[str, Any]:
    """core/v1 Container."""
    body: dict[str, Any] = {
        "name": keys.APP_CONTAINER,
        "image": view.app_role.image_repo_tag or "",
        "resources": resources(view),
        "lifecycle": {"postStart": post_start(view.headless)},
        "volumeMounts": volume_mounts(mounts),
    }
    optional = {
        "command": view.policy.command,
        "ports": [{"name": port.service, "containerPort": port.number} for port in view.ports],
        "env": _environment(view),
        "volumeDevices": volume_devices(view),
        "securityContext": _security_context(view),
        **_terminal(view),
    }
    return {**body, **{key: value for key, value in optional.items() if value}}


def _environment(view: RoleView) -> list[dict[str, Any]]:
    pairs = [(variable.name, variable.value) for variable in view.role.env]
    if view.package and view.package.use_new_setup_layout:
        pairs.append(("PYTHONUSERBASE", "/usr/local"))
    if not _wants_nvidia(view):
        pairs.append(("NVIDIA_VISIBLE_DEVICES", "void"))  # else the runtime shows every GPU of the host
    return [{"name": name, "value": value} for name, value in pairs]


def _wants_nvidia(view: RoleView) -> bool:
    requests = view.role.resources.requests or {}
    return any(key.startswith("nvidia.com/") and quantity(value) for key, value in requests.items())


def _security_context(view: RoleView) -> dict[str, Any]:
    added = view.app.spec.capabilities
    return {"capabilities": {"add": added}} if added else {}


def _terminal(view: RoleView) -> dict[str, bool]:
    terminal = view.app_role.container_spec
    return {"stdin": terminal.stdin, "tty": terminal.tty} if terminal else {}
