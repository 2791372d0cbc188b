"""Which image a reference means: those registered here, and nothing else, because nothing is downloaded from a registry."""

from __future__ import annotations

from collections.abc import Mapping

from kdasync.devcluster.image.image import Image

HOST = "localhost/kdasync/host:1"


class ImageStore:
    """References and their images.

    `default` names the reference that stands for every unknown one; empty: an unknown reference is an error, as on a node that may not
    pull. `localhost/kdasync/host:1`, the machine's own software, is always known.
    """

    def __init__(self, images: Mapping[str, Image] | None = None, *, default: str = "") -> None:
        self._images = {HOST: Image(host=True, command=("/bin/sh",)), **(images or {})}
        self._default = default

    def add(self, image: Image, *references: str) -> None:
        """Let `references` mean `image`."""
        self._images.update(dict.fromkeys(references, image))

    def references(self) -> tuple[str, ...]:
        """All known references, sorted."""
        return tuple(sorted(self._images))

    def layers(self) -> tuple[str, ...]:
        """Folders of all images."""
        return tuple(layer for image in self._images.values() for layer in image.layers)

    def resolve(self, reference: str) -> Image:
        """The image of `reference`; a missing tag is `latest`, a missing registry `docker.io`.

        Raises:
            FileNotFoundError: unknown, and there is no default.
        """
        for name in (*_spellings(reference), self._default):
            if name in self._images:
                return self._images[name]
        known = ", ".join(self.references())
        raise FileNotFoundError(f"no image {reference}: nothing is pulled here. Use one of: {known}; or set a default image.")


def _spellings(reference: str) -> tuple[str, ...]:
    """The ways to write one reference: `redis`, `redis:latest`, `docker.io/library/redis:latest`."""
    short = reference.removeprefix("docker.io/").removeprefix("library/")
    tagged = short if ":" in short.rsplit("/", 1)[-1] or "@" in short else f"{short}:latest"
    plain = tagged.removesuffix(":latest")
    return reference, short, tagged, plain, f"docker.io/{tagged}", f"docker.io/library/{tagged}"
