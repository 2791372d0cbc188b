"""An installed wheel needs no checkout: built, installed into a clean environment, used from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_program_has_catalog_and_crds(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", tmp_path, ROOT, cwd=tmp_path)
    wheel = next(tmp_path.glob("kdasync-*.whl"))
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(tmp_path / "venv/bin/python", "-m", "pip", "install", "-q", wheel, cwd=tmp_path)
    program = tmp_path / "venv/bin/kdasync"
    assert run(program, "crds", cwd=tmp_path).count("kind: CustomResourceDefinition") == 4
    listed = run(program, "catalog", "list", cwd=tmp_path)
    assert [line.split()[0] for line in listed.splitlines()] == ["APP", "dask", "etcd", "patroni"]
    run(program, "catalog", "pack", tmp_path / "packages", cwd=tmp_path)
    assert len(list((tmp_path / "packages").iterdir())) == 3
    assert run(tmp_path / "venv/bin/kubectl-kdasync", "diagram", cwd=tmp_path).startswith("stateDiagram-v2")
