"""The image that every machine has: its own software, seen read-only, under a skeleton of folders that a container may write.

Why a skeleton: in a user namespace with one id, overlay cannot copy up what belongs to other ids (EOVERFLOW), so creating a file in /etc
or /usr/local would fail. The skeleton holds these folders and the readable files of /etc, owned by the current user. It also
decides what is seen: software, not data. /home, /root, /srv, /var and the rest of the machine are not.

Assumptions: the interpreter in use may live anywhere; its folders are shown read-only at their own paths.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kdasync.devcluster.image.cache import layer

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
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


def search_path() -> str:
    """PATH of a host image: the usual folders, and at the end the interpreter's, for machines that have no other Python."""
    return f"{PATH}:{Path(os.path.realpath(sys.base_prefix), 'bin')}"


def _mounted_below(shared: tuple[str, ...]) -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        point = line.split()[1].encode().decode("unicode_escape")
        if any(point.startswith(f"/{name}/") for name in shared):
            yield point


class _Entry(msgspec.Struct, frozen=True):
    """Something of the machine that the skeleton repeats. `changed` is in ns, `link` the target of a symbolic link."""

    path: str
    mode: int
    changed: int = 0
    link: str = ""


def skeleton(cache: Path, shared: tuple[str, ...], *, root: Path = Path("/")) -> str:
    """The path of the skeleton layer of a host image, made anew when what it repeats has changed."""
    entries = tuple(_listed(root, shared))
    inputs = (str(os.geteuid()), *(f"{entry.path} {entry.mode} {entry.changed} {entry.link}" for entry in entries))
    return layer(cache, kind="host", inputs=inputs, make=lambda target: _fill(target, entries, root))


def build_bare(target: Path) -> None:
    """Write the skeleton of an image that brings everything else itself."""
    for name in ("dev", "etc", "proc", "root", "run", "sys", "tmp", "var"):
        (target / name).mkdir(parents=True)
    (target / "tmp").chmod(0o1777)
    (target / "etc/passwd").write_text(_ACCOUNTS)
    (target / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")


def _listed(root: Path, shared: tuple[str, ...]) -> Iterator[_Entry]:
    for name in _SOFTWARE:
        if (root / name).is_symlink():
            yield _Entry(name, 0, link=os.readlink(root / name))  # noqa: PTH115 - as text, to be repeated as it is
        elif name in shared:
            yield from _folders(root, name, _DEPTH.get(name, 1))
    yield from _readable(root, "etc")


def _folders(root: Path, name: str, depth: int) -> Iterator[_Entry]:
    yield _Entry(name, stat.S_IFDIR | 0o755)
    if depth == 0:
        return
    with os.scandir(root / name) as entries:
        below = sorted(
            entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and os.access(entry, os.R_OK | os.X_OK)
        )
    for folder in below:
        yield from _folders(root, f"{name}/{folder}", depth - 1)


def _readable(root: Path, name: str) -> Iterator[_Entry]:
    """Links, folders and files that everybody may read; secrets of the machine are not."""
    with os.scandir(root / name) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    yield _Entry(name, stat.S_IFDIR | 0o755)
    for entry in found:
        path, status = f"{name}/{entry.name}", entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            yield _Entry(path, 0, link=os.readlink(entry))  # noqa: PTH115 - as text
        elif entry.is_dir() and status.st_mode & 0o005 == 0o005:  # noqa: PLR2004 - read and enter for others
            yield from _readable(root, path)
        elif entry.is_file() and status.st_mode & 0o004:
            yield _Entry(path, status.st_mode, changed=status.st_mtime_ns)


def _fill(target: Path, entries: tuple[_Entry, ...], root: Path) -> None:
    _empty_folders(target)
    for entry in entries:
        place = target / entry.path
        if entry.link:
            place.symlink_to(entry.link)
        elif stat.S_ISDIR(entry.mode):
            place.mkdir(exist_ok=True)
        else:
            shutil.copyfile(root / entry.path, place)
            place.chmod(stat.S_IMODE(entry.mode))


def _empty_folders(target: Path) -> None:
    for name in _EMPTY:
        (target / name).mkdir(parents=True, exist_ok=True)
    for name in _STICKY:
        (target / name).chmod(0o1777)
    for name, place in _VAR_LINKS.items():
        (target / "var" / name).symlink_to(place)
