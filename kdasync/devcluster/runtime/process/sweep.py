"""Remove a folder tree, also the parts that overlay made unreadable (its work folder has mode 000)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def sweep(folder: Path) -> None:
    """Remove `folder` if it is there. Raises OSError if something of it cannot be removed."""
    if folder.exists():
        shutil.rmtree(folder, onerror=_open_up)


def _open_up(call: Callable[..., Any], path: str, _error: object) -> None:
    for target in (Path(path).parent, Path(path)):
        if target.exists() and not target.is_symlink():
            target.chmod(0o700)
    if Path(path).is_dir():
        shutil.rmtree(path)
    else:
        call(path)
