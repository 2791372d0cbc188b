"""Run one of the machine's tools while an image is built; its own words are the error."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_TAIL = 800


def run(argv: list[str], *, remedy: str, cwd: Path | None = None) -> str:
    """Standard output of a program that must succeed.

    Raises:
        RuntimeError: it is missing or failed; the text ends with `remedy`.
    """
    if shutil.which(argv[0]) is None:
        raise RuntimeError(f"{argv[0]} is missing on this machine. {remedy}")
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv[:4])} failed: {(done.stderr or done.stdout)[-_TAIL:].strip()} {remedy}")
    return done.stdout
