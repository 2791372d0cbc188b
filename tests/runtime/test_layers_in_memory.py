"""Where the state folder's disk cannot hold upper layers (it is an overlay itself, as in a container), they are in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from kdasync.devcluster.runtime.process import guardian, root, syscalls

top = Path(sys.argv[1])
guardian.enter()
if sys.argv[2] == "overlay":
    for name in ("lower", "upper", "work", "state"):
        (top / name).mkdir()
    options = root.overlay_options([str(top / "lower")], upper=top / "upper", work=top / "work")
    syscalls.mount("overlay", str(top / "state"), kind="overlay", options=options)
state = top / "state"
(state / "containers").mkdir(parents=True)
guardian.prepare_layers(state)
print((state / "containers").is_mount())
guardian.release_layers(state)
print((state / "containers").is_mount())
"""


def _tried(folder: Path, kind: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(folder), kind], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_on_an_overlay_they_are_in_memory(tmp_path: Path) -> None:
    assert _tried(tmp_path, "overlay") == ["True", "False"]


def test_on_a_disk_they_are_on_it(tmp_path: Path) -> None:
    assert _tried(tmp_path, "disk") == ["False", "False"]
