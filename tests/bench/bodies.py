"""What the benchmarks create: the app and clusters of the whole-stack tests, and a real setup package."""

from __future__ import annotations

import copy
import io
import sys
import tarfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS))  # a benchmark is started as a script; `support` lies beside it

from support.bodies import APP, Json, cluster  # noqa: E402

CLUSTERS_PATH = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters"
APPS_PATH = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorapps"
CRDS_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def app(package_url: str) -> Json:
    made = copy.deepcopy(APP)
    made["spec"]["defaultConfigPackage"] = {"packageURL": package_url}
    return made


def clusters(count: int, members: int) -> list[Json]:
    return [cluster(f"bench-{index:03}", workers=members - 1) for index in range(count)]


def package() -> bytes:
    """A setup package with one startscript."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        script = b"#!/bin/sh\nexit 0\n"
        member = tarfile.TarInfo("demo/startscript")
        member.size, member.mode = len(script), 0o755
        archive.addfile(member, io.BytesIO(script))
    return out.getvalue()
