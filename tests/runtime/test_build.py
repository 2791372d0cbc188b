"""Layers are built once, from a recipe's sections."""

import stat
from pathlib import Path

import pytest

from kdasync.devcluster.image import cache, deb, pip
from kdasync.devcluster.image.build import build, default_cache
from kdasync.devcluster.image.image import User
from kdasync.devcluster.image.recipe import Copy, Recipe


def test_copied_files_have_their_place_and_mode(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a").write_text("a")
    (tmp_path / "entry.sh").write_text("exit")
    items = (Copy(source="entry.sh", to="/bin/entry", mode="0755"), Copy(source="folder", to="/etc/folder"))
    image = build(Recipe(name="x", copy=items, folder=str(tmp_path)), cache=tmp_path / "cache")
    top = Path(image.layers[0])
    assert stat.S_IMODE((top / "bin/entry").stat().st_mode) == 0o755
    assert (top / "etc/folder/a").read_text() == "a"
    assert image.host


def test_a_changed_file_is_another_layer_and_an_unchanged_one_the_same(tmp_path: Path) -> None:
    def layer() -> str:
        recipe = Recipe(name="x", copy=(Copy(source="f", to="/f"),), folder=str(tmp_path))
        return build(recipe, cache=tmp_path / "cache").layers[0]

    (tmp_path / "f").write_text("1")
    first = layer()
    assert layer() == first
    (tmp_path / "f").write_text("2")
    assert layer() != first


def test_a_failed_layer_is_not_kept(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        (target / "half").touch()
        raise RuntimeError("no")

    def fill(target: Path) -> None:
        (target / "whole").touch()

    with pytest.raises(RuntimeError, match="no"):
        cache.layer(tmp_path, kind="k", inputs=("a",), make=fail)
    made = Path(cache.layer(tmp_path, kind="k", inputs=("a",), make=fill))
    assert [path.name for path in made.iterdir()] == ["whole"]


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the program kdasync-no-such is missing"):
        build(Recipe(name="x", base="scratch", tools=("kdasync-no-such",)), cache=tmp_path)


def test_tools_bring_their_libraries_and_links(tmp_path: Path) -> None:
    image = build(Recipe(name="x", base="scratch", tools=("cat", "dog=cat")), cache=tmp_path)
    top = Path(image.layers[0])
    assert (top / "bin/dog").readlink() == Path("cat")
    assert (top / "bin/cat").is_file()
    assert any("libc" in path.name or "musl" in path.name for path in top.rglob("*.so*"))
    assert not image.host


def test_the_images_python_comes_first_in_path_and_env_wins(tmp_path: Path) -> None:
    recipe = Recipe(name="x", base="scratch", env={"A": "1"}, users=(User(name="u", uid=5),))
    assert build(recipe, cache=tmp_path).env["A"] == "1"
    assert not build(recipe, cache=tmp_path).env["PATH"].startswith("/opt/kdasync")


def test_scripts_of_a_python_environment_name_its_final_place(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dask").write_text(f"#!{tmp_path}/bin/python\nimport dask\n")
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3")
    pip.relocate(tmp_path, "/opt/kdasync/python")
    assert (tmp_path / "bin/dask").read_text() == "#!/opt/kdasync/python/bin/python\nimport dask\n"


def test_only_packages_that_the_machine_lacks_are_downloaded() -> None:
    text = "Inst b (2.0-1 Debian:12/stable [amd64])\nInst a [1] (1.5 Debian:12/stable [amd64]) []\nConf a (1.5 Debian)\n"
    assert deb.missing(text) == ("a=1.5", "b=2.0-1")
    assert deb.missing("0 upgraded, 0 newly installed") == ()


def test_packages_from_before_the_merge_land_below_usr(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/x").touch()
    (tmp_path / "usr/bin").mkdir(parents=True)
    deb.merge_usr(tmp_path)
    assert (tmp_path / "usr/bin/x").exists()
    assert not (tmp_path / "bin").exists()


def test_where_the_cache_is() -> None:
    assert default_cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/kdasync/images")
    assert default_cache({}) == Path.home() / ".cache/kdasync/images"
