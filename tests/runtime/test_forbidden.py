"""Where user namespaces are forbidden, start says so in one sentence with the remedy, and leaves nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, os, sys
from pathlib import Path
from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.runtime.process import ProcessRuntime, guardian

guardian.enter()
if os.fork():  # the child is inside
    os.wait()
    raise SystemExit
Path("/proc/sys/user/max_user_namespaces").write_text("0")

async def main():
    top = Path(sys.argv[1])
    runtime = ProcessRuntime(state=top / "state", images=ImageStore(cache=top / "images"), ids=lambda: "0" * 64)
    try:
        await runtime.start()
    except RuntimeError as error:
        print(error)

asyncio.run(main())
"""


def test_the_switch_is_named(tmp_path: Path) -> None:
    """The switch counts per user namespace, so it can be set in one of our own without touching the machine."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("This machine does not let kdasync make namespaces (")
    assert done.stdout.endswith("Run 'sudo sysctl -w user.max_user_namespaces=10000', or start as root.\n")
    assert not (tmp_path / "state").exists()
