"""Which image a reference means: those registered here, and nothing else, because nothing is downloaded from a registry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kdasync.devcluster.image import machine
from kdasync.devcluster.image.build import build
from kdasync.devcluster.image.image import Image
from kdasync.devcluster.image.recipe import Recipe

HOST = "localhost/kdasync/host:1"


class ImageStore:
    """References and their images.

    `localhost/kdasync/host:1`, the machine's own software, is always known.

    Args:
        recipes: built when first used, into `cache`.
        images: built already, by reference.
        default: the reference that stands for every unknown one; empty: an unknown reference is an error, as on a node that may not pull.
    """

    def __init__(
        self, *, cache: Path, recipes: tuple[Recipe, ...] = (), images: Mapping[str, Image] | None = None, default: str = ""
    ) -> None:
        self.cache = cache
        self._recipes = {reference: recipe for recipe in recipes for reference in recipe.references}
        self._images = {HOST: Image(host=True, command=("/bin/sh",), env={"PATH": machine.search_path()}), **(images or {})}
        self._default = default

    def references(self) -> tuple[str, ...]:
        """All known references, sorted."""
        return tuple(sorted({*self._images, *self._recipes}))

    def resolve(self, reference: str) -> Image:
        """The image of `reference`; a missing tag is `latest`, a missing registry `docker.io`. Blocks while it is built.

        Raises:
            FileNotFoundError: unknown, and there is no default.
            RuntimeError: it cannot be built; says what to do.
        """
        for name in (*_spellings(reference), self._default):
            if name in self._images:
                return self._images[name]
            if name in self._recipes:
                return self._build(name)
        known = ", ".join(self.references())
        raise FileNotFoundError(f"no image {reference}: nothing is pulled here. Use one of: {known}; or set a default image.")

    def _build(self, name: str) -> Image:
        recipe = self._recipes[name]
        image = build(recipe, cache=self.cache)
        self._images.update(dict.fromkeys(recipe.references, image))
        return image


def _spellings(reference: str) -> tuple[str, ...]:
    """The ways to write one reference: `redis`, `redis:latest`, `docker.io/library/redis:latest`."""
    short = reference.removeprefix("docker.io/").removeprefix("library/")
    tagged = short if ":" in short.rsplit("/", 1)[-1] or "@" in short else f"{short}:latest"
    plain = tagged.removesuffix(":latest")
    return reference, short, tagged, plain, f"docker.io/{tagged}", f"docker.io/library/{tagged}"
