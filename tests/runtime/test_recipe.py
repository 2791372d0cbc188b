"""A recipe is read strictly, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdasync.devcluster.image.recipe import read, read_catalog
from kdasync.errors import DefinitionError

WHOLE = """
name: [daskdev/dask:1, localhost/kdasync/dask:1]
base: host
pip: [distributed==1]
copy: [{from: entry.sh, to: /entry.sh, mode: "0755"}]
users: [{name: dask, uid: 1000, home: /data}]
env: {LANG: C.UTF-8}
entrypoint: [sh, /entry.sh]
user: dask
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "dask/image/recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_every_field(tmp_path: Path) -> None:
    recipe = read(_written(tmp_path, WHOLE))
    assert recipe.references == ("daskdev/dask:1", "localhost/kdasync/dask:1")
    assert (recipe.copy[0].source, recipe.copy[0].mode) == ("entry.sh", "0755")
    assert recipe.folder == str(tmp_path / "dask/image")
    assert read_catalog(tmp_path) == (recipe,)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("base: alpine", "Invalid enum value 'alpine'"),
        ("packages: [x]", "unknown field `packages`"),
        ("name: [1]", "Expected `str`"),
        ("copy: [{from: a, to: b}]", "b is no absolute path"),
        ("copy: [{from: a, to: /../b}]", r"/../b is no absolute path"),
        ("base: scratch\npip: [x]", "need a base"),
        ("env: {", "while parsing"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read(_written(tmp_path, f"name: x\n{line}\n"))
