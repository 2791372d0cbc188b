"""The whole Debian image, for real clusters."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from kdasync.devcluster.image.debian import inputs, suite
from kdasync.devcluster.image.oci import export_oci
from kdasync.devcluster.image.recipe import Recipe


def test_the_machines_own_release(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('ID=debian\nVERSION_CODENAME=bookworm\nNAME="Debian"\n')
    assert suite(release) == "bookworm"
    release.write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert suite(release) == "stable"
    assert suite(tmp_path / "none") == "stable"


def test_the_order_of_packages_does_not_matter() -> None:
    assert inputs(Recipe(name="x", deb=("b", "a"))) == inputs(Recipe(name="y", deb=("a", "b")))
    assert inputs(Recipe(name="x", deb=("a",))) != inputs(Recipe(name="x", pip=("a",)))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_recipe_over_the_host_becomes_an_image_over_debian(tmp_path: Path) -> None:
    """Needs root, network, and mmdebstrap or debootstrap."""
    assert os.geteuid() == 0, "run the slow tests as root"
    recipe = Recipe(name="localhost/kdasync/x:1", pip=("toolz==1.0.0",), deb=("netcat-openbsd",), entrypoint=("sleep", "9"))
    export_oci(recipe, tmp_path / "x.tar", cache=tmp_path / "cache")
    with tarfile.open(tmp_path / "x.tar") as archive:
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr]
        assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "localhost/kdasync/x:1"
        largest = max(archive.getmembers(), key=lambda member: member.size)
        with tarfile.open(fileobj=archive.extractfile(largest)) as layer:
            names = layer.getnames()
    assert "usr/bin/nc.openbsd" in names
    assert any(name.startswith("opt/kdasync/python/lib/python3") and name.endswith("toolz/__init__.py") for name in names)
    assert not any(name.startswith("tmp/wheels") for name in names)
