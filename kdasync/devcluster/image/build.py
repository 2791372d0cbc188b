"""From a recipe to layers: each section of it becomes one cached layer, so that apps share what they have in common.

Flow: copied files on top, then Python packages, Debian packages, tools, then the base. Blocking (minutes the first time): call it in a
thread. Raises what a section raises: RuntimeError with a remedy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from kdasync.devcluster.image import cache as caching
from kdasync.devcluster.image import deb, debian, machine, pip, tools
from kdasync.devcluster.image.image import Image
from kdasync.devcluster.image.recipe import Copy, Recipe


def default_cache(environ: dict[str, str] | None = None) -> Path:
    """`$XDG_CACHE_HOME/kdasync/images`, or the same below ~/.cache."""
    values = os.environ if environ is None else environ
    return Path(values.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kdasync" / "images"


def build(recipe: Recipe, *, cache: Path) -> Image:
    """The image of `recipe`; quick if its layers are in `cache`."""
    return Image(
        layers=(*_own_layers(recipe, cache), *_base(recipe, cache)),
        host=recipe.base == "host",
        env=environment(recipe),
        entrypoint=recipe.entrypoint,
        command=recipe.command,
        user=recipe.user,
        working_dir=recipe.working_dir,
        users=recipe.users,
    )


def environment(recipe: Recipe) -> dict[str, str]:
    """The image's variables: the recipe's, and a PATH that finds its Python first."""
    first = f"/{pip.PLACE}/bin:" if recipe.pip else ""
    usual = machine.search_path() if recipe.base == "host" else machine.PATH
    return {"PATH": first + usual, **recipe.env}


def _own_layers(recipe: Recipe, cache: Path) -> list[str]:
    layers: list[str] = []
    if recipe.copy:
        folder = Path(recipe.folder)
        inputs = _copy_inputs(recipe.copy, folder)
        layers.append(caching.layer(cache, kind="copy", inputs=inputs, make=lambda target: copy(recipe.copy, folder, target)))
    if recipe.pip and recipe.base == "host":
        inputs = pip.inputs(recipe.pip)
        layers.append(caching.layer(cache, kind="pip", inputs=inputs, make=lambda target: pip.make(target, recipe.pip)))
    if recipe.deb and recipe.base == "host":
        packages = deb.inputs(recipe.deb)
        layers.append(caching.layer(cache, kind="deb", inputs=packages, make=lambda target: deb.make(target, packages)))
    if recipe.tools:
        inputs = tools.inputs(recipe.tools)
        layers.append(caching.layer(cache, kind="tools", inputs=inputs, make=lambda target: tools.make(target, recipe.tools)))
    return layers


def _base(recipe: Recipe, cache: Path) -> tuple[str, ...]:
    if recipe.base != "debian":
        return ()
    inputs = debian.inputs(recipe)
    return (caching.layer(cache, kind="debian", inputs=inputs, make=lambda target: debian.make(target, recipe)),)


def _copy_inputs(items: tuple[Copy, ...], folder: Path) -> tuple[str, ...]:
    found: list[str] = []
    for item in items:
        source = folder / item.source
        files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        digests = [
            f"{path.relative_to(folder)}:{path.stat().st_mode}:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files
        ]
        found += [item.to, item.mode, *digests]
    return tuple(found)


def copy(items: tuple[Copy, ...], folder: Path, target: Path) -> None:
    """Copy a recipe's files to their places below `target`. Raises OSError if one is missing."""
    for item in items:
        source, place = folder / item.source, target / item.to.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(source, place)
        if item.mode:
            place.chmod(int(item.mode, 8))
