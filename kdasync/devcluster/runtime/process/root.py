"""A container's root file system, mounted from inside its new mount namespace.

Flow: one overlay for `/` (the container's own upper layer, the image's layers, the skeleton), then one overlay for each top-level
folder of the machine's software (`/usr`, `/opt`, ...) that the image shares, then `pivot_root`, then the mounts whose targets are
inside: /proc, /dev, /sys, shown folders, volumes. Targets are resolved after the pivot, so a symbolic link in an image never leads out.

Why not one overlay over the machine's `/`: the kernel refuses an upper layer that lies inside a lower one, and the state folder
lies in `/`; folders that were mounted on their own (`/usr` on another disk) would be empty in it, too.

Guarantees: nothing of the machine can be written. Assumptions: called by PID 1 of a new PID namespace, in a mount namespace of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from kdasync.devcluster.runtime.process import syscalls
from kdasync.devcluster.runtime.process.wire import Bind, RootSpec

_OLD = ".machine"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_FOLDERS = ("proc", "dev", "sys", "etc", "tmp", "run", _OLD)
_MASKED = ("kcore", "keys", "sysrq-trigger", "timer_list")


def build(spec: RootSpec, *, home: Path, volumes: Path) -> None:
    """Mount and enter the root; `home` is the container's own folder (upper layers, content of file mounts).

    Raises:
        OSError: what could not be mounted.
    """
    root = home / "root"
    root.mkdir(parents=True)
    _overlay(list(spec.layers), target=root, home=home, name="top")
    for folder in spec.host:
        below = [f"{layer}/{folder}" for layer in spec.layers if Path(layer, folder).is_dir()]
        _overlay([*below, f"/{folder}"], target=root / folder, home=home, name=folder)
    for folder in _FOLDERS:
        (root / folder).mkdir(exist_ok=True)
    sources = [(bind, _source(bind, home=home, volumes=volumes, number=number)) for number, bind in enumerate(spec.binds)]
    for name, text in spec.etc.items():
        _replace(root / "etc" / name, text)
    os.chdir(root)
    syscalls.pivot_root(".", _OLD)
    os.chdir("/")
    _kernel_mounts()
    for path in spec.shown:
        _show(f"/{_OLD}{path}", path)
    for bind, source in sources:
        _bind(bind, f"/{_OLD}{source}")
    syscalls.unmount(f"/{_OLD}")
    Path(f"/{_OLD}").rmdir()


def _replace(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)


def overlay_options(lower: list[str], *, upper: Path, work: Path) -> str:
    """Options of one overlay. `userxattr`: marks are kept in `user.*` attributes, as `trusted.*` needs the machine's root."""
    layers = ":".join(layer.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,") for layer in lower)
    return f"lowerdir={layers},upperdir={upper},workdir={work},userxattr"


def _overlay(lower: list[str], *, target: Path, home: Path, name: str) -> None:
    upper, work = home / "upper" / name, home / "work" / name
    upper.mkdir(parents=True)
    work.mkdir(parents=True)
    upper.chmod(Path(lower[0]).stat().st_mode & 0o7777)
    syscalls.mount("overlay", str(target), kind="overlay", options=overlay_options(lower, upper=upper, work=work))


def _kernel_mounts() -> None:
    syscalls.mount("proc", "/proc", kind="proc", flags=syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    _try_sys()
    for name in ("sys", *_MASKED):
        if Path("/proc", name).exists():
            syscalls.mount(f"/proc/{name}", f"/proc/{name}", flags=syscalls.MS_BIND)
            syscalls.read_only(f"/proc/{name}")
    syscalls.mount("tmpfs", "/dev", kind="tmpfs", flags=syscalls.MS_NOSUID, options="mode=755,size=64k")
    for name in _DEVICES:
        Path("/dev", name).touch()
        syscalls.mount(f"/{_OLD}/dev/{name}", f"/dev/{name}", flags=syscalls.MS_BIND)
    for name, target in _LINKS.items():
        Path("/dev", name).symlink_to(target)
    Path("/dev/pts").mkdir()
    syscalls.mount("devpts", "/dev/pts", kind="devpts", flags=syscalls.MS_NOSUID, options="newinstance,ptmxmode=0666,mode=0620")
    Path("/dev/shm").mkdir()  # noqa: S108 - the container's own
    syscalls.mount("tmpfs", "/dev/shm", kind="tmpfs", flags=syscalls.MS_NOSUID | syscalls.MS_NODEV, options="mode=1777")  # noqa: S108


def _try_sys() -> None:
    """Mount /sys if the kernel lets us: inside a container that hides parts of it, it does not, and few programs look there."""
    try:
        syscalls.mount("sysfs", "/sys", kind="sysfs", flags=syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV)
    except PermissionError:
        Path("/sys/kernel").mkdir(parents=True, exist_ok=True)


def _point(path: str, *, file: bool) -> None:
    """Make sure that something of the right kind is there to mount on."""
    target = Path(path)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if file:
        target.touch()
    else:
        target.mkdir()


def _show(source: str, target: str) -> None:
    """A folder of the machine, read-only, at its own path."""
    _point(target, file=Path(source).is_file())
    syscalls.mount(source, target, flags=syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.read_only(target)


def _bind(bind: Bind, source: str) -> None:
    if bind.kind == "memory":
        _point(bind.path, file=False)
        size = f",size={bind.size}" if bind.size else ""
        syscalls.mount("tmpfs", bind.path, kind="tmpfs", flags=syscalls.MS_NOSUID | syscalls.MS_NODEV, options=f"mode=1777{size}")
    else:
        _point(bind.path, file=Path(source).is_file())
        syscalls.mount(source, bind.path, flags=syscalls.MS_BIND | syscalls.MS_REC)
    if bind.read_only or bind.kind == "files":
        syscalls.read_only(bind.path)


def _source(bind: Bind, *, home: Path, volumes: Path, number: int) -> str:
    """Where a mount's content lies on the machine.

    Raises:
        OSError: a sub path leads out of its volume.
    """
    if bind.kind == "memory":
        return ""
    top = home / "files" / str(number) if bind.kind == "files" else volumes / bind.source
    _open_folder(top)
    for name, data in bind.files.items():
        path = Path(os.path.normpath(top / name))
        if not path.is_relative_to(top):
            raise OSError(f"file name {name} leads out of its volume. Use a name without '..'.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    target = Path(os.path.realpath(top / bind.sub_path))
    if not target.is_relative_to(os.path.realpath(top)):
        raise OSError(f"sub path {bind.sub_path} leads out of its volume. Use a relative path without '..'.")
    _open_folder(target)
    return str(target)


def _open_folder(path: Path) -> None:
    """Make a folder that every user of the container may write, as an emptyDir is; leave one that is there."""
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o777)
