"""A layer of Python packages: a virtual environment at a fixed place, for the interpreter that runs us (which pods see at its own path)."""

from __future__ import annotations

import compileall
import importlib.util
import sys
from pathlib import Path

from kdasync.devcluster.image.run import run

PLACE = "opt/kdasync/python"
_REMEDY = "Check the network and the recipe's pip lines."


def inputs(packages: tuple[str, ...]) -> tuple[str, ...]:
    """What decides about the layer."""
    return ("compiled", sys.version, sys.base_prefix, *sorted(packages))


def make(target: Path, packages: tuple[str, ...]) -> None:
    """Install into `target`.

    Raises:
        RuntimeError: pip is missing or failed.
    """
    if importlib.util.find_spec("pip") is None:
        raise RuntimeError(f"pip is missing. Run '{sys.executable} -m ensurepip' or install the package that has it.")
    place = target / PLACE
    run([sys.executable, "-m", "venv", "--without-pip", str(place)], remedy="Install the package python3-venv.")
    python = str(place / "bin/python")
    run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", *packages], remedy=_REMEDY)
    relocate(place, f"/{PLACE}")
    # Every container starts with a fresh upper layer: without this each would compile all that it imports, again.
    compileall.compile_dir(place / "lib", quiet=2, stripdir=str(place), prependdir=f"/{PLACE}")


def relocate(place: Path, final: str) -> None:
    """Let the scripts of the environment name the path at which it will be seen."""
    for script in (place / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        data = script.read_bytes()
        if str(place).encode() in data:
            script.write_bytes(data.replace(str(place).encode(), final.encode()))
