"""A guest of nothing but `sh`: the least that can be set up."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kdasync.devcluster.image.recipe import Recipe
from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec


async def test_sh_alone_runs_scripts_and_writes_files(tmp_path: Path, run: Callable[..., Any]) -> None:
    count = itertools.count(1)
    images = ImageStore(cache=tmp_path / "images", recipes=(Recipe(name="sh:1", base="scratch", tools=("sh",)),))
    runtime = ProcessRuntime(state=tmp_path / "state", images=images, ids=lambda: f"{next(count):016x}" + "0" * 48)
    await runtime.start()
    pod = await runtime.sandbox(SandboxSpec(uid="a", namespace="n", name="a", hostname="a"))
    container = await pod.start(ContainerSpec(name="c", image="sh:1", command=("sh",), stdin=True))
    script = b'echo "$((6 * 7))" > /tmp/x; read y < /tmp/x; echo "$y"; for f in /bin/*; do echo "$f"; done\n'
    assert await run(container, "sh", stdin=script) == (0, b"42\n/bin/sh\n", b"")
    await runtime.close()
    assert await container.wait() == 137
