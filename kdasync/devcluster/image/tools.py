"""A layer of single programs of this machine with the libraries they need: the smallest guests, without network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)")
_SEARCH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
POSIX = (
    *(
        "[",
        "awk",
        "basename",
        "cat",
        "chmod",
        "chown",
        "cp",
        "cut",
        "date",
        "dirname",
        "env",
        "expr",
        "false",
        "find",
        "grep",
        "head",
        "id",
        "kill",
    ),
    *(
        "ln",
        "ls",
        "mkdir",
        "mkfifo",
        "mv",
        "od",
        "printf",
        "ps",
        "pwd",
        "rm",
        "rmdir",
        "sed",
        "sh",
        "sleep",
        "sort",
        "stat",
        "tail",
        "tee",
        "test",
    ),
    *("touch", "tr", "true", "uname", "uniq", "wc"),
)


def inputs(tools: tuple[str, ...]) -> tuple[str, ...]:
    """What decides about the layer: the programs and their age."""
    return tuple(f"{tool}:{Path(_path(tool)).stat().st_mtime_ns}" for tool in tools)


def _path(tool: str) -> str:
    name = tool.rpartition("=")[2]
    found = shutil.which(name, path=_SEARCH)
    if found is None:
        raise RuntimeError(f"the program {name} is missing on this machine. Install it or take it from the recipe's tools.")
    return found


def make(target: Path, tools: tuple[str, ...]) -> None:
    """Copy programs to /bin of `target`, their libraries to where the loader looks.

    Raises:
        RuntimeError: a program is missing.
    """
    binaries = target / "bin"
    binaries.mkdir()
    for tool in tools:
        link, _, name = tool.rpartition("=")
        source = Path(_path(tool)).resolve()
        if not (binaries / name).exists():
            shutil.copy(source, binaries / name)
            for library in libraries(source):
                _copy_library(library, target)
        if link:
            (binaries / link).symlink_to(name)


def libraries(program: Path) -> tuple[str, ...]:
    """Paths of the shared libraries and the loader of a program; none for a static one or a script."""
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - part of libc
    return tuple(_LIBRARY.findall(listed.stdout)) if listed.returncode == 0 else ()


def _copy_library(library: str, target: Path) -> None:
    place = target / library.lstrip("/")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def has(name: str) -> bool:
    """Whether this machine has the program, statically linked."""
    found = shutil.which(name, path=_SEARCH)
    return found is not None and not libraries(Path(found))
