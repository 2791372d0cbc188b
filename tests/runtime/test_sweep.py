"""A folder goes, whatever its permissions say."""

from __future__ import annotations

from pathlib import Path

from kdasync.devcluster.runtime.process.sweep import sweep


def test_closed_folders_and_links_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o555)
    top = tmp_path / "top"
    (top / "closed/inner").mkdir(parents=True)
    (top / "closed/inner/file").touch()
    (top / "kept").mkdir()
    (top / "kept/file").touch()
    (top / "link").symlink_to(outside)
    (top / "kept").chmod(0o555)
    (top / "closed").chmod(0)
    sweep(top)
    assert not top.exists()
    assert outside.stat().st_mode & 0o777 == 0o555


def test_a_folder_that_is_not_there_is_fine(tmp_path: Path) -> None:
    sweep(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
