"""Layers that were built once, in folders named by a digest of what went into them.

Guarantees: a folder that is there is complete (it is renamed into place); two processes that need the same layer build it once.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path


def layer(cache: Path, *, kind: str, inputs: tuple[str, ...], make: Callable[[Path], None]) -> str:
    """The path of the layer made from `inputs`; `make` fills an empty folder. Raises what `make` raises."""
    digest = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
    name = f"{kind}-{digest[:16]}"
    target, partial = cache / name, cache / f"{name}.partial"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(target)
    return str(target)
