"""A whole Debian root file system with a recipe's packages inside: the base of images for a real cluster. Needs root.

Made by mmdebstrap or debootstrap; Python packages are installed by the Debian's own interpreter, in a chroot.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kdasync.devcluster.image import pip
from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.run import run

_SUITE = "stable"
_REMEDY = "Run as root on a machine with the package mmdebstrap or debootstrap, and check the network."
_PYTHON = ("ca-certificates", "python3", "python3-venv")


def inputs(recipe: Recipe) -> tuple[str, ...]:
    """What decides about the layer."""
    return (suite(), *sorted(recipe.deb), "pip", *sorted(recipe.pip))


def suite(release: Path = Path("/etc/os-release")) -> str:
    """The machine's own Debian release, else `stable`."""
    lines = release.read_text().splitlines() if release.exists() else []
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    return words.get("VERSION_CODENAME", _SUITE) if words.get("ID") == "debian" else _SUITE


def make(target: Path, recipe: Recipe) -> None:
    """Fill `target`.

    Raises:
        RuntimeError: not root, no tool, or a package cannot be had.
    """
    if os.geteuid():
        raise RuntimeError(f"a Debian root file system needs root. {_REMEDY}")
    packages = ",".join((*recipe.deb, *(_PYTHON if recipe.pip else ())))
    include = [f"--include={packages}"] if packages else []
    if shutil.which("mmdebstrap"):
        run(["mmdebstrap", "--variant=minbase", *include, suite(), str(target)], remedy=_REMEDY)
    else:
        run(["debootstrap", "--variant=minbase", *include, suite(), str(target)], remedy=_REMEDY)
    if recipe.pip:
        _install(target, recipe.pip)
    shutil.rmtree(target / "var/cache/apt", ignore_errors=True)
    shutil.rmtree(target / "var/lib/apt/lists", ignore_errors=True)


def _install(target: Path, packages: tuple[str, ...]) -> None:
    place = f"/{pip.PLACE}"
    resolver = target / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    shutil.copy("/etc/resolv.conf", resolver)
    run(["chroot", str(target), "python3", "-m", "venv", place], remedy=_REMEDY)
    run(
        ["chroot", str(target), f"{place}/bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir", *packages],
        remedy=_REMEDY,
    )
