"""The catalog's apps: their definitions, with the place of their packages filled in, and their sample clusters."""

from __future__ import annotations

import posixpath
from typing import Any

import yaml

from kdasync.cli.data import apps, data_folder
from kdasync.errors import DefinitionError

SAMPLE = "small"


def definition_text(name: str, *, package_base: str = "") -> str:
    """The text of an `app.yaml`; with `package_base` its package is at that URL.

    Raises:
        DefinitionError: there is no such app.
    """
    if name not in apps():
        raise DefinitionError(f"there is no {name}.", field="app", remedy=f"Use one of: {', '.join(apps())}.", reason="NotFound")
    text = (data_folder("catalog") / name / "app.yaml").read_text(encoding="utf-8")
    if not package_base:
        return text
    url = package_url(yaml.safe_load(text))
    return text.replace(url, f"{package_base.rstrip('/')}/{posixpath.basename(url)}")


def definition(name: str, *, package_base: str = "") -> dict[str, Any]:
    """The same, parsed. Raises DefinitionError."""
    parsed: dict[str, Any] = yaml.safe_load(definition_text(name, package_base=package_base))
    return parsed


def sample_text(name: str, which: str = SAMPLE) -> str:
    """The text of a sample cluster.

    Raises:
        DefinitionError: there is no such app or sample.
    """
    definition_text(name)
    folder = data_folder("catalog") / name / "clusters"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if which not in known:
        raise DefinitionError(
            f"{name} has no {which}.", field="sample", remedy=f"Use one of: {', '.join(known)}.", reason="NotFound"
        )
    return (folder / f"{which}.yaml").read_text(encoding="utf-8")


def sample(name: str) -> dict[str, Any]:
    """The app's smallest sample cluster, parsed. Raises DefinitionError."""
    parsed: dict[str, Any] = yaml.safe_load(sample_text(name))
    return parsed


def package_url(app: dict[str, Any]) -> str:
    """Where an app's default package is."""
    return str(app["spec"]["defaultConfigPackage"]["packageURL"])


def image(app: dict[str, Any]) -> str:
    """The app's default image."""
    return str(app["spec"]["defaultImageRepoTag"])
