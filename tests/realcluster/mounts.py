"""What the first process does to its mount namespace, so that nothing the node writes stays on the machine.

Everything below /var and /run that containerd, kubelet and CNI plugins hard-code lands in folders of the cluster, and the kernel
settings that the kubelet insists on are written to plain files. All of it goes with the namespace.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from realcluster.layout import Layout

_TUNABLES = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def prepare(layout: Layout) -> None:
    """Call once, in a fresh mount namespace whose mounts are slaves of the machine's."""
    _mount("--make-rshared", "/")  # the kubelet's mounts must reach containerd; nothing reaches the machine
    upper, work = layout.path("var", "upper"), layout.path("var", "work")
    for folder in (upper, work, layout.path("tunables")):
        folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "overlay", "overlay", "-o", f"lowerdir=/var,upperdir={upper},workdir={work}", "/var")
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    _mount("--bind", str(layout.path("config", "resolv.conf")), "/etc/resolv.conf")  # image pulls ask nobody outside
    for name in _TUNABLES:
        original = Path("/proc/sys", name)
        if original.exists():
            copy = layout.path("tunables", name.replace("/", "."))
            copy.write_text(original.read_text())
            _mount("--bind", str(copy), str(original))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def cgroup_roots() -> list[Path]:
    """The mounted hierarchies: one folder for version 2, one a controller for version 1."""
    root = Path("/sys/fs/cgroup")
    if root.joinpath("cgroup.controllers").exists():
        return [root]
    return [path for path in root.iterdir() if path.is_dir() and not path.is_symlink()]


def remove_cgroups(layout: Layout) -> None:
    """Remove the control groups of a cluster without processes: they are no part of any namespace."""
    for root in cgroup_roots():
        top = root / layout.cgroup.lstrip("/")
        if top.is_dir():
            for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
                folder.rmdir()
            top.rmdir()
