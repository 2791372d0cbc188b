"""Checks a setup package: a gzip tar with one top-level directory that has a startscript, and nothing that leads outside.

Why here: a guest trusts what it unpacks, as root. What this accepts is unpacked as written; what it refuses never leaves the operator.
A startscript without execute permission gets it, as KubeDirector does (spec/kubedirector-runtime.md 3.3, step 11).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import posixpath
import tarfile
import zlib

from kdasync.errors import GuestError
from kdasync.guest.order import Package, PackageFile

_PERMISSIONS = 0o777
_USER_EXECUTE = 0o100
_USER_ALL = 0o700
SCRIPT = "startscript"


def check_package(archive: bytes, *, source: str, limit: int) -> Package:
    """The package in `archive`.

    Args:
        archive: gzip tar.
        source: its URL, for messages.
        limit: unpacked bytes at most.

    Raises:
        GuestError: PackageMalformed, PackageUnsafe or PackageTooLarge.
    """
    files = _Reader(source, _unzip(archive, source, limit), limit).read()
    roots = {path.split("/")[0] for path in files}
    if len(roots) != 1:
        raise _malformed(source, f"has {len(roots)} top-level entries")
    root = roots.pop()
    _check_script(source, files, root)
    return Package(digest=hashlib.sha256(archive).hexdigest(), root=root, files=tuple(files[path] for path in sorted(files)))


def _malformed(source: str, message: str) -> GuestError:
    remedy = f"Build it as a gzip tar with one top-level directory that has a {SCRIPT}."
    return GuestError("PackageMalformed", f"{source} {message}.", remedy=remedy)


def _unsafe(source: str, message: str) -> GuestError:
    remedy = "Build it without absolute paths, `..`, devices and links that lead outside."
    return GuestError("PackageUnsafe", f"{source}: {message}.", remedy=remedy)


def _too_large(source: str, limit: int) -> GuestError:
    return GuestError("PackageTooLarge", f"{source} unpacks to more than {limit} bytes.", remedy="Make the package smaller.")


def _unzip(archive: bytes, source: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as file:
            data = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _malformed(source, f"is no gzip file ({error})") from error
    if len(data) > limit:
        raise _too_large(source, limit)
    return data


def _check_script(source: str, files: dict[str, PackageFile], root: str) -> None:
    path = f"{root}/{SCRIPT}"
    script = files.get(path)
    if not files[root].directory or script is None or script.directory:
        raise _malformed(source, f"has no {SCRIPT} in its top-level directory")
    if not script.link:
        files[path] = PackageFile(path, script.mode | _USER_EXECUTE, script.data)


class _Reader:
    """Reads the members of one archive into files by path; parents that the archive leaves out are added."""

    def __init__(self, source: str, data: bytes, limit: int) -> None:
        self._source = source
        self._data = data
        self._limit = self._left = limit
        self._files: dict[str, PackageFile] = {}

    def read(self) -> dict[str, PackageFile]:
        """Every file, directory and symbolic link."""
        try:
            with tarfile.open(fileobj=io.BytesIO(self._data)) as archive:
                for member in archive:
                    self._add(archive, member)
        except (tarfile.TarError, EOFError) as error:
            raise _malformed(self._source, f"is no tar archive ({error})") from error
        for path in [path for path, file in self._files.items() if file.link]:
            self._check_parents(path)
        return self._files

    def _path(self, name: str) -> str:
        if name.startswith("/") or ".." in name.split("/"):
            raise _unsafe(self._source, f"{name!r} leads outside")
        if "\0" in name or "\n" in name:
            raise _unsafe(self._source, f"{name!r} is no usable name")
        path = posixpath.normpath(name)
        return "" if path == "." else path

    def _add(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = self._path(member.name)
        if not path:
            return
        self._left -= member.size
        if self._left < 0:
            raise _too_large(self._source, self._limit)
        self._add_parents(path)
        mode = member.mode & _PERMISSIONS
        if member.isdir():
            self._files[path] = PackageFile(path, mode | _USER_ALL, directory=True)
        elif member.issym():
            self._files[path] = PackageFile(path, _PERMISSIONS, link=self._target(path, member.linkname))
        elif member.islnk():
            self._files[path] = self._copy(path, member)
        elif member.isreg():
            source = archive.extractfile(member)
            self._files[path] = PackageFile(path, mode, source.read() if source else b"")
        else:
            raise _unsafe(self._source, f"{member.name!r} is a device or pipe")

    def _add_parents(self, path: str) -> None:
        parent = posixpath.dirname(path)
        if parent and parent not in self._files:
            self._add_parents(parent)
            self._files[parent] = PackageFile(parent, 0o755, directory=True)

    def _target(self, path: str, target: str) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if not target or target.startswith("/") or place.split("/")[0] != path.split("/", maxsplit=1)[0]:
            raise _unsafe(self._source, f"{path!r} links to {target!r}")
        return target

    def _copy(self, path: str, member: tarfile.TarInfo) -> PackageFile:
        original = self._files.get(self._path(member.linkname))
        if original is None or original.directory or original.link:
            raise _unsafe(self._source, f"{path!r} links to {member.linkname!r}")
        return PackageFile(path, original.mode, original.data)

    def _check_parents(self, link: str) -> None:
        """Nothing lies below a link, else unpacking would follow it. Links through links are refused for the same reason."""
        if any(path.startswith(f"{link}/") for path in self._files):
            raise _unsafe(self._source, f"{link!r} is a link and a directory")
        steps = posixpath.normpath(posixpath.join(posixpath.dirname(link), self._files[link].link)).split("/")
        for length in range(1, len(steps)):
            through = self._files.get("/".join(steps[:length]))
            if through and through.link:
                raise _unsafe(self._source, f"{link!r} links through another link")
