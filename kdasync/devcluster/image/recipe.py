"""A recipe: what an app's image holds, in one YAML file, read into frozen values.

name: daskdev/dask:2026.8.0-py3.12      # or a list: every reference that this image stands for
base: host                              # host: over this machine's software; scratch: nothing; debian: a minimal Debian (root)
pip: [distributed==2026.8.0]            # in /opt/kdasync/python, first in PATH
deb: [etcd-server]                      # unpacked with dependencies that the base lacks; their scripts are not run
tools: [cat, sh=busybox]                # programs of this machine with their libraries; `a=b`: a is a link to b
copy: [{from: entry.sh, to: /entry.sh, mode: "0755"}]    # `from` is relative to the recipe
users: [{name: postgres, uid: 999, home: /var/lib/postgresql}]
env: {LANG: C.UTF-8}
entrypoint: [sh, /entry.sh]
command: []
user: postgres                          # name, uid or uid:gid; root if absent
working_dir: /
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from kdasync.devcluster.image.image import User
from kdasync.errors import DefinitionError


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A file or folder beside the recipe, and its place in the image. `mode` is octal text, empty = as it is."""

    source: str
    to: str
    mode: str = ""


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See the module. `folder` is where the recipe lies."""

    name: str | tuple[str, ...]
    base: Literal["host", "scratch", "debian"] = "host"
    pip: tuple[str, ...] = ()
    deb: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    copy: tuple[Copy, ...] = ()
    users: tuple[User, ...] = ()
    env: dict[str, str] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = "/"
    folder: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """All names."""
        return (self.name,) if isinstance(self.name, str) else self.name


def read(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        DefinitionError: it is not a recipe; says which field.
        OSError: it cannot be read.
    """
    try:
        recipe = msgspec.convert(yaml.safe_load(path.read_text()), Recipe)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise DefinitionError(str(error), field=path.name, remedy="See the fields in kdasync.devcluster.image.recipe.") from error
    return _checked(msgspec.structs.replace(recipe, folder=str(path.parent.absolute())), path)


def _checked(recipe: Recipe, path: Path) -> Recipe:
    if recipe.base == "scratch" and (recipe.pip or recipe.deb):
        raise DefinitionError("pip and deb need a base that can run them.", field=f"{path.name}.base", remedy="Use base: host.")
    for item in recipe.copy:
        if not item.to.startswith("/") or ".." in Path(item.to).parts:
            raise DefinitionError(
                f"{item.to} is no absolute path.", field=f"{path.name}.copy", remedy="Start it with / and no '..'."
            )
    return recipe


def read_catalog(folder: Path) -> tuple[Recipe, ...]:
    """The recipes of all apps of a catalog: `<app>/image/recipe.yaml`. Raises as `read`."""
    return tuple(read(path) for path in sorted(folder.glob("*/image/recipe.yaml")))
