"""The image that every machine has: its own software, seen read-only, under a skeleton of folders that a container may write.

Why a skeleton: in a user namespace with one id, overlay cannot copy up what belongs to other ids (EOVERFLOW), so creating a file in /etc
or /usr/local would fail. The skeleton holds these folders and the readable files of /etc, owned by the current user. It also
decides what is seen: software, not data. /home, /root, /srv, /var and the rest of the machine are not.

Assumptions: the interpreter in use may live anywhere; its folders are shown read-only at their own paths.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_SOFTWARE = ("usr", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", "gnu")
_DEPTH = {"usr": 3, "opt": 3}
_EMPTY = (
    *("boot", "dev", "etc", "home", "media", "mnt", "proc", "root", "run", "run/lock", "srv", "sys", "tmp"),
    *("var", "var/cache", "var/lib", "var/log", "var/mail", "var/opt", "var/spool", "var/tmp", "usr", "usr/bin", "opt"),
    *("usr/local", "usr/local/bin", "usr/local/etc", "usr/local/lib", "usr/local/sbin", "usr/local/share", "usr/local/src"),
)
_STICKY = ("tmp", "var/tmp", "run/lock")
_VAR_LINKS = {"run": "/run", "lock": "/run/lock"}
_ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"


def software(*outside: Path, root: Path = Path("/")) -> tuple[str, ...]:
    """Names of the top-level folders to share: those that exist, are no links, and do not contain any of `outside`."""
    names = [name for name in _SOFTWARE if (root / name).is_dir() and not (root / name).is_symlink()]
    return tuple(name for name in names if not any(path.resolve().is_relative_to(root / name) for path in outside))


def shown(shared: tuple[str, ...], *, root: Path = Path("/")) -> tuple[str, ...]:
    """The interpreter's folders that `shared` does not already show, and file systems mounted below `shared`."""
    prefixes = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)}
    hidden = [prefix for prefix in prefixes if not any(Path(prefix).is_relative_to(root / name) for name in shared)]
    return tuple(sorted({*hidden, *_mounted_below(shared)}))


def _mounted_below(shared: tuple[str, ...]) -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        point = line.split()[1].encode().decode("unicode_escape")
        if any(point.startswith(f"/{name}/") for name in shared):
            yield point


def build_skeleton(target: Path, shared: tuple[str, ...], *, root: Path = Path("/")) -> None:
    """Write the skeleton of a host image to `target`, which must not exist. Takes about a tenth of a second."""
    _folders(target)
    for name in _SOFTWARE:
        source = root / name
        if source.is_symlink():
            (target / name).symlink_to(source.readlink())
        elif name in shared:
            _copy_folders(source, target / name, _DEPTH.get(name, 1))
    _copy_readable(root / "etc", target / "etc")


def build_bare(target: Path) -> None:
    """Write the skeleton of an image that brings everything else itself."""
    for name in ("dev", "etc", "proc", "root", "run", "sys", "tmp", "var"):
        (target / name).mkdir(parents=True)
    (target / "tmp").chmod(0o1777)
    (target / "etc/passwd").write_text(_ACCOUNTS)
    (target / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")


def _folders(target: Path) -> None:
    for name in _EMPTY:
        (target / name).mkdir(parents=True, exist_ok=True)
    for name in _STICKY:
        (target / name).chmod(0o1777)
    for name, place in _VAR_LINKS.items():
        (target / "var" / name).symlink_to(place)
    (target / "root").chmod(0o755)


def _copy_folders(source: Path, target: Path, depth: int) -> None:
    target.mkdir(exist_ok=True)
    if depth == 0:
        return
    with os.scandir(source) as entries:
        folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    for name in folders:
        if os.access(source / name, os.R_OK | os.X_OK):
            _copy_folders(source / name, target / name, depth - 1)


def _copy_readable(source: Path, target: Path) -> None:
    """Copy links, folders and files that everybody may read; secrets of the machine are not."""
    target.mkdir(exist_ok=True)
    with os.scandir(source) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        mode = entry.stat(follow_symlinks=False).st_mode
        place = target / entry.name
        if entry.is_symlink():
            place.symlink_to(Path(entry.path).readlink())
        elif entry.is_dir() and mode & 0o005 == 0o005:  # noqa: PLR2004 - read and enter for others
            _copy_readable(Path(entry.path), place)
        elif entry.is_file() and mode & 0o004:
            shutil.copyfile(entry.path, place)
            place.chmod(mode & 0o777)
