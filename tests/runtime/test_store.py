"""Which image a reference means."""

from pathlib import Path

import pytest

from kdasync.devcluster.image.image import Image
from kdasync.devcluster.image.recipe import Copy, Recipe
from kdasync.devcluster.image.store import HOST, ImageStore

REDIS = Image(command=("redis-server",))


@pytest.mark.parametrize("reference", ["redis", "redis:latest", "docker.io/library/redis:latest", "docker.io/redis"])
def test_spellings_of_one_image(tmp_path: Path, reference: str) -> None:
    assert ImageStore(cache=tmp_path, images={"redis:latest": REDIS}).resolve(reference) is REDIS
    assert ImageStore(cache=tmp_path, images={"redis": REDIS}).resolve(reference) is REDIS


@pytest.mark.parametrize("reference", ["redis:7", "other/redis", "registry:5000/redis"])
def test_other_images_are_unknown_and_the_known_are_named(tmp_path: Path, reference: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing is pulled here. Use one of: localhost/kdasync/host:1, redis"):
        ImageStore(cache=tmp_path, images={"redis": REDIS}).resolve(reference)


def test_a_default_stands_for_every_unknown_image(tmp_path: Path) -> None:
    store = ImageStore(cache=tmp_path, default=HOST)
    assert store.resolve("bluek8s/spark245:1.0").host


def test_a_recipe_is_built_when_it_is_used_first(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1")
    recipe = Recipe(name=("a:1", "b:1"), copy=(Copy(source="f", to="/f"),), folder=str(tmp_path), command=("x",))
    store = ImageStore(cache=tmp_path / "cache", recipes=(recipe,))
    assert store.references() == ("a:1", "b:1", HOST)
    assert not (tmp_path / "cache").exists()
    image = store.resolve("a:1")
    assert Path(image.layers[0], "f").read_text() == "1"
    assert store.resolve("b:1") is image
