"""From what the pod and the image say to what the node must do: pure functions over frozen values (and the image's /etc/passwd)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kdasync.devcluster.image import accounts
from kdasync.devcluster.image.image import Image
from kdasync.devcluster.image.machine import PATH
from kdasync.devcluster.runtime.process import wire
from kdasync.devcluster.runtime.protocol import ContainerSpec, Mount, SandboxSpec

# The machine may ask services for names that pods cannot reach, and mdns for everything below .local.
_LOOKUPS = {"nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n"}


class Skeletons(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest layers and what is shared of the machine, made once per runtime."""

    host: Path
    bare: Path
    shared: tuple[str, ...]
    shown: tuple[str, ...]


def root_spec(image: Image, spec: ContainerSpec, pod: SandboxSpec, *, skeletons: Skeletons, ip: str, gateway: str) -> wire.RootSpec:
    """The root file system of a container."""
    layers = (*image.layers, str(skeletons.host if image.host else skeletons.bare))
    return wire.RootSpec(
        layers=layers,
        host=skeletons.shared if image.host else (),
        shown=skeletons.shown if image.host else (),
        binds=tuple(_bind(mount) for mount in sorted(spec.mounts, key=lambda mount: mount.path.count("/"))),
        etc={**_identity_files(pod, ip=ip, gateway=gateway), **(_LOOKUPS if image.host else {}), **accounts.files(image, layers)},
    )


def _bind(mount: Mount) -> wire.Bind:
    kind = "memory" if mount.memory else "files" if mount.files is not None else "volume"
    return wire.Bind(
        path=mount.path,
        kind=kind,
        source=mount.source.replace("/", "_"),
        sub_path=mount.sub_path,
        read_only=mount.read_only,
        size=mount.size,
        files=dict(mount.files or {}),
    )


def _identity_files(pod: SandboxSpec, *, ip: str, gateway: str) -> dict[str, str]:
    """resolv.conf, hosts and hostname, as the kubelet writes them."""
    domain = f".{pod.search[0]}" if pod.search else ""
    names = f"{pod.hostname}{domain}\t{pod.hostname}" if domain else pod.hostname
    search = f"search {' '.join(pod.search)}\n" if pod.search else ""
    return {
        "resolv.conf": f"{search}nameserver {gateway}\noptions ndots:5\n",
        "hosts": f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{ip}\t{names}\n",
        "hostname": f"{pod.hostname}\n",
    }


def program(image: Image, spec: ContainerSpec, pod: SandboxSpec, *, layers: tuple[str, ...]) -> wire.Program:
    """The container's main process: Kubernetes' rule for command and args over the image's entrypoint and command.

    Raises:
        OSError: neither the pod nor the image says what to run, or the user is unknown.
    """
    argv = (*(spec.command or image.entrypoint), *(spec.args or (() if spec.command else image.command)))
    if not argv:
        raise OSError(f"no command for container {spec.name}: the image has none. Give it one in the pod.")
    wanted = image.user if spec.run_as_user is None else str(spec.run_as_user)
    user, group = accounts.identity(wanted, image=image, layers=layers)
    base = {"PATH": PATH, "HOSTNAME": pod.hostname, "HOME": accounts.home(user, image=image, layers=layers)}
    env = {**base, **image.env, **dict(spec.env)}
    return wire.Program(argv=argv, env=env, cwd=spec.working_dir or image.working_dir, user=user, group=group, tty=spec.tty)
