"""The init container's script, run by every shell that is here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kdasync.render.statefulset import pod_spec

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]


class Image:
    """A directory that plays the image, one that plays the volume, and a PATH of chosen programs."""

    def __init__(self, root: Path, shell: str, script: str) -> None:
        self.root, self.volume, self.bin = root / "image", root / "volume", root / "bin"
        for path in (self.root, self.volume, self.bin):
            path.mkdir()
        self._shell = [shutil.which(shell) or "", *(["sh"] if shell == "busybox" else [])]
        self._script = script.replace("/mnt", str(self.volume))
        self.marker = self.volume / "etc/kubedirector.init"
        self.provide("mkdir", "cp", "rm", "sync", busybox=shell == "busybox")

    def provide(self, *programs: str, busybox: bool = False) -> None:
        for name in programs:
            (self.bin / name).symlink_to(shutil.which("busybox" if busybox else name) or "")

    def run(self, *directories: str) -> subprocess.CompletedProcess[str]:
        paths = [f"{self.root}{path}" for path in directories]
        command = [*self._shell, "-c", self._script, "init", *paths]
        return subprocess.run(command, check=False, env={"PATH": str(self.bin)}, timeout=60, capture_output=True, text=True)

    def copied(self, path: str) -> Path:
        return Path(f"{self.volume}{self.root}{path}")


def make(root: Path, shell: str, build: Any) -> Image:
    args = pod_spec(build(role={"storage": {"size": "1Gi"}}))["initContainers"][0]["args"]
    assert args[0] == "-c"
    made = Image(root, shell, args[1])
    (made.root / "etc/deep").mkdir(parents=True)
    (made.root / "etc/deep/file").write_text("text")
    (made.root / "etc/deep/link").symlink_to("file")
    (made.root / "etc/deep").chmod(0o711)
    return made


@pytest.fixture(params=SHELLS)
def image(request: pytest.FixtureRequest, tmp_path: Path, build: Any) -> Image:
    return make(tmp_path, request.param, build)


@pytest.fixture(params=[shell for shell in SHELLS if shell != "busybox"])
def bare(request: pytest.FixtureRequest, tmp_path: Path, build: Any) -> Image:
    """An image whose shell has no applets of its own."""
    return make(tmp_path, request.param, build)


def test_copies_everything_and_marks(image: Image) -> None:
    result = image.run("/etc")
    assert (result.returncode, result.stderr) == (0, "")
    assert image.copied("/etc/deep/file").read_text() == "text"
    assert image.copied("/etc/deep/link").readlink() == Path("file")
    assert image.copied("/etc/deep").stat().st_mode & 0o777 == 0o711
    assert image.marker.exists()


def test_the_modes_of_the_directory_itself_are_kept(image: Image) -> None:
    (image.root / "etc").chmod(0o750)
    assert image.run("/etc").returncode == 0
    assert image.copied("/etc").stat().st_mode & 0o777 == 0o750


def test_marked_volume_is_left_alone(image: Image) -> None:
    image.run("/etc")
    image.copied("/etc/deep/file").write_text("mine")
    assert image.run("/etc").returncode == 0
    assert image.copied("/etc/deep/file").read_text() == "mine"


def test_a_cut_copy_is_repeated(image: Image) -> None:
    image.run("/etc")
    image.marker.unlink()
    image.copied("/etc/deep/file").write_text("ha")
    assert image.run("/etc").returncode == 0
    assert image.copied("/etc/deep/file").read_text() == "text"
    assert image.marker.exists()


def test_a_directory_that_the_image_lacks_is_made(image: Image) -> None:
    assert image.run("/etc", "/data/none").returncode == 0
    assert image.copied("/data/none").is_dir()


def test_a_linked_directory_is_copied_through(image: Image) -> None:
    (image.root / "lib").symlink_to("etc")
    assert image.run("/etc", "/lib").returncode == 0
    assert image.copied("/lib/deep/file").read_text() == "text"


def test_a_file_is_copied_as_a_file(image: Image) -> None:
    (image.root / "etc/one").write_text("1")
    assert image.run("/etc/one").returncode == 0
    assert image.copied("/etc/one").read_text() == "1"


def test_without_a_copier_it_fails_with_a_remedy(bare: Image) -> None:
    (bare.bin / "cp").unlink()
    result = bare.run("/etc")
    assert result.returncode == 1
    assert "neither rsync nor cp" in result.stderr
    assert not bare.marker.exists()


def test_a_failed_copy_leaves_no_marker(bare: Image) -> None:
    (bare.bin / "cp").unlink()
    (bare.bin / "cp").write_text("#!/bin/sh\nexit 1\n")
    (bare.bin / "cp").chmod(0o755)
    result = bare.run("/etc")
    assert result.returncode == 1
    assert "cannot copy" in result.stderr
    assert not bare.marker.exists()


def test_rsync_is_used_where_it_can(image: Image) -> None:
    fake = f'#!/bin/sh\ncase "$*" in *--version) exit 0;; esac\necho "$*" >{image.volume}/asked\n'
    (image.bin / "rsync").write_text(fake)
    (image.bin / "rsync").chmod(0o755)
    assert image.run("/etc").returncode == 0
    asked = (image.volume / "asked").read_text().split()
    assert asked[-2:] == [f"{image.root}/etc", str(image.volume)]
    assert (image.volume / "etc/kubedirector-init-progress-bar.log").exists()
    assert image.marker.exists()
