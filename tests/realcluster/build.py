"""Builds the plane's programs from Go modules, once, into the cache folder.

Flow: each module's go.mod names its tools; a stamp over go.mod, go.sum and flags says whether they are built. Guarantees: a second
call builds nothing; a broken build leaves no stamp. Assumptions: `go` and a module proxy or a filled module cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

VERSION = "v1.36.3"
_STAMP = "k8s.io/component-base/version"
_FLAGS = f"-s -w -X {_STAMP}.gitVersion={VERSION} -X {_STAMP}.gitMajor=1 -X {_STAMP}.gitMinor=36"
_HERE = Path(__file__).parent


class Module(msgspec.Struct, frozen=True):
    """A Go module that is only a list of tools: program -> package."""

    folder: str
    tools: dict[str, str]


_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
PLANE = Module(
    "plane",
    {"etcd": "go.etcd.io/etcd/server/v3", **{name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES}},
)
MODULES = (
    PLANE,
    Module("coredns", {"coredns": "github.com/coredns/coredns"}),
    Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
)


def build(target: Path, *, say: Callable[[str], None]) -> None:
    """Build what is missing in `target`.

    Raises:
        RuntimeError: no Go, or a build failed; says which.
    """
    target.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        for name, package in module.tools.items():
            _build_tool(module, name, package, target, say)


def _build_tool(module: Module, name: str, package: str, target: Path, say: Callable[[str], None]) -> None:
    stamp, wanted = target / f".{name}.stamp", _fingerprint(module)
    if stamp.exists() and stamp.read_text() == wanted and (target / name).exists():
        return
    if shutil.which("go") is None:
        raise RuntimeError("The real cluster is built with Go, which is not in PATH. Install Go 1.26 or newer.")
    say(f"building {name} (once; all of them take about seven minutes on two free cores)")
    stamp.unlink(missing_ok=True)
    command = ["nice", "-n", "19", "go", "build", "-p", "2", "-trimpath", "-ldflags", _FLAGS, "-o", str(target / name), package]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    done = subprocess.run(command, cwd=_HERE / module.folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} could not be built from tests/realcluster/{module.folder}:\n{done.stderr[-4000:]}")
    stamp.write_text(wanted)


def _fingerprint(module: Module) -> str:
    digest = hashlib.sha256(_FLAGS.encode())
    for name in ("go.mod", "go.sum"):
        digest.update((_HERE / module.folder / name).read_bytes())
    return digest.hexdigest()
