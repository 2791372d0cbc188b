from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from kdasync.errors import DefinitionError
from kdasync.guest.archive import check_package
from kdasync.guest.pack import catalog_packages, pack_directory, package_name

LIMIT = 1 << 20


def test_operator_accepts_every_package(catalog: Path) -> None:
    packages = catalog_packages(catalog)
    assert set(packages) == {"dask-1.0.0.tgz", "etcd-1.0.0.tgz", "patroni-1.0.0.tgz"}
    for name, data in packages.items():
        package = check_package(data, source=name, limit=LIMIT)
        assert package.root == name.split("-", maxsplit=1)[0]
        scripts = [file for file in package.files if file.path == f"{package.root}/startscript"]
        assert [file.mode for file in scripts] == [0o755]


def test_links_out_of_the_package_become_files(app_folder: Path) -> None:
    package = check_package(pack_directory(app_folder / "package", root="x"), source="x", limit=LIMIT)
    library = next(file for file in package.files if file.path == "x/lib/kd.sh")
    assert (library.link, library.data) == ("", (app_folder / "package/lib/kd.sh").read_bytes())


def test_links_inside_stay(tmp_path: Path) -> None:
    (tmp_path / "startscript").write_text("#!/bin/sh\n")
    (tmp_path / "again").symlink_to("startscript")
    with tarfile.open(fileobj=io.BytesIO(pack_directory(tmp_path, root="x"))) as archive:
        assert archive.getmember("x/again").linkname == "startscript"


def test_same_folder_gives_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        for file in ("b", "a") if name == "one" else ("a", "b"):
            (folder / file).write_text(file)
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / name).write_text(name)
        os.utime(folder / "a", (len(name), 1000 if name == "one" else 2000))
    assert pack_directory(tmp_path / "one", root="x") == pack_directory(tmp_path / "two", root="x")


def test_another_content_gives_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    before = pack_directory(tmp_path, root="x")
    (tmp_path / "a").chmod(0o755)
    assert pack_directory(tmp_path, root="x") != before


def test_an_app_without_a_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("spec: {}\n")
    with pytest.raises(DefinitionError, match="defaultConfigPackage"):
        package_name(tmp_path / "app.yaml")


def test_shells_parse_every_script(app_folder: Path, shell: list[str]) -> None:
    scripts = [*app_folder.glob("package/**/*.sh"), *app_folder.glob("checks/*.sh"), app_folder / "package/startscript"]
    for script in scripts:
        parsed = subprocess.run([*shell, "-n", str(script)], check=False, capture_output=True, timeout=10)
        assert parsed.returncode == 0, (script, parsed.stderr)


def test_python_files_compile(app_folder: Path) -> None:
    for path in [*app_folder.glob("package/**/*.py"), *app_folder.glob("jobs/*.py")]:
        assert compile(path.read_text(), str(path), "exec")


def test_nothing_but_names_in_the_scripts(app_folder: Path, app: dict[str, Any]) -> None:
    text = "".join(path.read_text() for path in app_folder.glob("package/**/*") if path.is_file())
    assert "0.0.0.0" in text or app["metadata"]["name"] == "dask"  # noqa: S104 - listening is the one use of an address
    assert "127.0.0.1" not in text
