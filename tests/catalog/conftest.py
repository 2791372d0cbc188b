"""The catalog as it lies in the repository, and a place where a start script runs against programs that only pretend."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CATALOG = Path(__file__).parents[2] / "catalog"
APPS = sorted(path.parent.name for path in CATALOG.glob("*/app.yaml"))
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])] or [["sh"]]


@pytest.fixture
def catalog() -> Path:
    return CATALOG


@pytest.fixture(params=APPS)
def app_folder(request: pytest.FixtureRequest) -> Path:
    return CATALOG / str(request.param)


@pytest.fixture
def app(app_folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((app_folder / "app.yaml").read_text())
    return loaded


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    return list(request.param)


def role(*pods: str, first_id: int = 1, **more: Any) -> dict[str, Any]:
    names = [f"{pod}.svc.ns.svc.cluster.local" for pod in pods]
    ids = {name: str(first_id + at) for at, name in enumerate(names)}
    return {"fqdns": names, "fqdn_mappings": ids, "flavor": {"cores": "2", "memory": "1000"}, **more}


class Guest:
    """A folder with configmeta, a gate and fake programs that note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        self.calls.touch()
        self.run_dir = folder / "run"

    def program(self, name: str, body: str = "exit 0") -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n{body}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def meta(self, me: str, *, role_id: str, roles: dict[str, Any], connections: dict[str, Any] | None = None) -> None:
        node = {"role_id": role_id, "fqdn": f"{me}.svc.ns.svc.cluster.local", "depends_on": {}}
        value = {
            "version": "8",
            "nodegroups": {"1": {"roles": roles}},
            "cluster": {"name": "c", "id": "uid-1"},
            "node": node,
            "connections": {"clusters": connections or {}},
        }
        (self.folder / "configmeta.json").write_text(json.dumps(value))

    def call(
        self, script: Path, *arguments: str, shell: list[str] | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "KD_CONFIGMETA": str(self.folder / "configmeta.json"),
            "KD_RUN": str(self.run_dir),
            "KD_DELAY": "0.01",
            "ETCD_DATA": str(self.folder / "etcd"),
            "PATRONI_HOME": str(self.folder / "postgresql"),
            "PATRONI_CONFIG": str(self.folder / "patroni"),
            **environ,
        }
        command = [*(shell or ["sh"]), str(script), *arguments]
        return subprocess.run(command, env=settings, text=True, capture_output=True, timeout=30, check=False)

    @property
    def called(self) -> list[str]:
        return self.calls.read_text().splitlines()

    @property
    def start(self) -> str:
        return (self.run_dir / "start").read_text()


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    made = Guest(tmp_path)
    made.program("getent")
    return made


@pytest.fixture
def make_role() -> Any:
    return role
