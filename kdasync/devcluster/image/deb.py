"""Layers of Debian packages, without root: apt decides which packages are missing, they are downloaded and unpacked.

Their maintainer scripts are not run: a recipe names the users it needs, and a start script makes its own folders.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from kdasync.devcluster.image.run import run

_INSTALL = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", re.MULTILINE)
_REMEDY = "Run 'apt-get update' and check the recipe's deb lines; recipes with deb need a Debian or Ubuntu machine."
_MERGED = ("bin", "sbin", "lib", "lib64")


def inputs(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Packages with versions that this machine lacks: what decides about the layer.

    Raises:
        RuntimeError: apt is missing or does not know a package.
    """
    text = run(["apt-get", "-s", "-y", "--no-install-recommends", "install", *packages], remedy=_REMEDY)
    return missing(text)


def missing(simulation: str) -> tuple[str, ...]:
    """`name=version` of every installation in the text of `apt-get -s install`, sorted."""
    return tuple(sorted(f"{name}={version}" for name, version in _INSTALL.findall(simulation)))


def make(target: Path, packages: tuple[str, ...]) -> None:
    """Unpack `name=version`s into `target`.

    Raises:
        RuntimeError: a download or an archive is broken.
    """
    archives = target / ".archives"
    archives.mkdir()
    if packages:
        run(["apt-get", "-q", "download", *packages], remedy=_REMEDY, cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        run(["dpkg-deb", "-x", str(archive), str(target)], remedy=_REMEDY)
    shutil.rmtree(archives)
    merge_usr(target)


def merge_usr(target: Path) -> None:
    """Move /bin, /lib ... of older packages below /usr, where every current system has them."""
    for name in _MERGED:
        folder = target / name
        if folder.is_dir() and not folder.is_symlink():
            shutil.copytree(folder, target / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(folder)
