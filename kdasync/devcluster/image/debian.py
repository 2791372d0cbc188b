"""A whole Debian root file system with a recipe's packages inside: the base of images for a real cluster. Needs root.

Made by mmdebstrap or debootstrap; Python packages are installed by the Debian's own interpreter.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from kdasync.devcluster.image import pip
from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.run import run

_SUITE = "stable"
_REMEDY = "Run as root on a machine with the package mmdebstrap or debootstrap, and check the network."
_PYTHON = ("ca-certificates", "python3", "python3-venv")
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


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
    """Download with this machine's pip, which knows its proxies and certificates, and install inside without network."""
    chroot, place, wheels = ["chroot", str(target)], f"/{pip.PLACE}", "tmp/wheels"
    version = run([*chroot, "python3", "-c", _VERSION], remedy=_REMEDY).strip()
    wanted = ["--only-binary=:all:", "--python-version", version, "--dest", str(target / wheels), *packages]
    run([sys.executable, "-m", "pip", "download", "--quiet", *wanted], remedy=_REMEDY)
    run([*chroot, "python3", "-m", "venv", place], remedy=_REMEDY)
    offline = ["--no-index", "--find-links", f"/{wheels}", "--no-cache-dir", *packages]
    run([*chroot, f"{place}/bin/python", "-m", "pip", "install", "--quiet", *offline], remedy=_REMEDY)
    shutil.rmtree(target / wheels)
