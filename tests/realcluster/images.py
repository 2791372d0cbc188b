"""The images that tests run: made once from devcluster's recipes, kept as OCI archives, loaded into each cluster's containerd."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
from realcluster.configs import PAUSE
from realcluster.layout import Layout

from kdasync.devcluster.image.oci import export_oci
from kdasync.devcluster.image.recipe import Recipe

DEBIAN = "kdasync.test/debian:1"
BUSYBOX = "kdasync.test/busybox:1"
_FOREVER = ("sleep", "infinity")  # as the first process of a container it ignores TERM
_UNTIL_TERM = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done")
RECIPES = {
    "pause": Recipe(name=PAUSE, base="scratch", tools=("sleep",), command=_FOREVER),
    # The poorest guest: no bash, no nohup, no setsid, no tar, no curl, no python.
    "busybox": Recipe(
        name=BUSYBOX,
        base="scratch",
        tools=(
            "busybox",
            *(
                f"{name}=busybox"
                for name in ("sh", "cat", "sleep", "mkdir", "mv", "rm", "chmod", "ls", "touch", "kill", "cp", "ln", "tail")
            ),
        ),
        command=("sleep", "1000000"),
    ),
    "debian": Recipe(name=DEBIAN, base="debian", deb=("python3",), command=_UNTIL_TERM),
}


def folder(cache: Path) -> Path:
    """Where the archives are."""
    return cache / "images"


def build(cache: Path, *, say: Callable[[str], None]) -> None:
    """Make the archives that are missing.

    Raises:
        RuntimeError: an image cannot be made; says what is missing.
    """
    target = folder(cache)
    target.mkdir(parents=True, exist_ok=True)
    for name, recipe in RECIPES.items():
        archive, stamp = target / f"{name}.tar", target / f"{name}.json"
        wanted = msgspec.json.encode(recipe)
        if archive.exists() and stamp.exists() and stamp.read_bytes() == wanted:
            continue
        say(f"building the image {recipe.references[0]} (once)")
        export_oci(recipe, archive, cache=cache / "recipes")
        stamp.write_bytes(wanted)


def responds(socket: str) -> bool:
    """Whether containerd answers."""
    return _ctr(socket, "version", check=False) == 0


def load(layout: Layout) -> None:
    """All archives, and what others have put beside them."""
    for archive in sorted(folder(Path(layout.cache)).glob("*.tar")):
        _load(layout, archive)


def _load(layout: Layout, archive: Path) -> None:
    _ctr(layout.containerd, "--namespace", "k8s.io", "images", "import", "--snapshotter", "overlayfs", str(archive))


def _ctr(socket: str, *arguments: str, check: bool = True) -> int:
    environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    command = ["ctr", "--address", socket, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.returncode
