"""Where the catalog and the manifests are: inside an installed wheel, or at the top of a checkout.

Why two places: in a wheel they are `kdasync/_data`; an editable install has no such folder, and a developer wants to see his edits at once.
"""

from __future__ import annotations

from pathlib import Path

import kdasync
from kdasync.errors import SettingsError


def data_folder(name: str) -> Path:
    """The folder `catalog` or `manifests`.

    Raises:
        SettingsError: the installation is incomplete.
    """
    package = Path(kdasync.__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise SettingsError(f"The folder {name} is missing beside {package}. Install kdasync again.")


def apps() -> list[str]:
    """Names of the catalog's apps, sorted."""
    return sorted(path.parent.name for path in data_folder("catalog").glob("*/app.yaml"))
