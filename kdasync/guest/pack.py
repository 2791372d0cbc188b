"""Packs a folder into a setup package: the same folder gives the same bytes, wherever and whenever it is packed.

Why: a package's digest is part of a member's provenance, so a rebuilt package must not look like a new one. Files of one catalog share
libraries by symbolic links; an archive is complete, so a link that leads out of the folder is packed as the file it leads to.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from kdasync.errors import DefinitionError

_SKIPPED = "__pycache__"
_EXECUTE = 0o100


def pack_directory(folder: Path, *, root: str) -> bytes:
    """A gzip tar of `folder`, as the one top-level directory `root`.

    Raises:
        OSError: a file cannot be read.
    """
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in _entries(folder):
            relative = path.relative_to(folder).as_posix()
            _add(archive, path, name=root if relative == "." else f"{root}/{relative}", folder=folder)
    return gzip.compress(raw.getvalue(), mtime=0)


def catalog_packages(catalog: Path) -> dict[str, bytes]:
    """File name -> archive, for every app of a catalog. Names are those that the apps' `packageURL`s end in.

    Raises:
        DefinitionError: an app.yaml has no default package.
        OSError: a file cannot be read.
    """
    return {package_name(path): pack_directory(path.parent / "package", root=path.parent.name) for path in _apps(catalog)}


def package_name(app: Path) -> str:
    """The last part of the default package's URL in an app.yaml. Raises DefinitionError if there is none."""
    package = yaml.safe_load(app.read_text(encoding="utf-8"))["spec"].get("defaultConfigPackage")
    if not package:
        raise DefinitionError("is missing.", field=f"{app}: spec.defaultConfigPackage", remedy="Name the app's package there.")
    return posixpath.basename(str(package["packageURL"]))


def _apps(catalog: Path) -> list[Path]:
    return sorted(catalog.glob("*/app.yaml"))


def _entries(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(path for path in folder.rglob("*") if _SKIPPED not in path.parts)


def _add(archive: tarfile.TarFile, path: Path, *, name: str, folder: Path) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o755 if path.is_dir() or path.stat().st_mode & _EXECUTE else 0o644
    if path.is_symlink() and path.resolve().is_relative_to(folder.resolve()):
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        archive.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    else:
        data = path.read_bytes()
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
