"""One image as one OCI archive: a tar that containerd, podman and docker load without a registry.

Source: OCI image-spec 1.1 (image-layout, manifest, config). The layer is merged from the image's layers, top first, owned as on disk,
with times of zero, so that the same recipe gives the same digest.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import tarfile
from pathlib import Path
from typing import Any

import msgspec

from kdasync.devcluster.image import accounts
from kdasync.devcluster.image import build as building
from kdasync.devcluster.image.image import Image
from kdasync.devcluster.image.recipe import Recipe

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class _Blob(msgspec.Struct, frozen=True):
    """Where content lies and what describes it."""

    media: str
    digest: str
    size: int
    data: bytes = b""
    path: Path | None = None

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media, "digest": f"sha256:{self.digest}", "size": self.size, **more}


def export_oci(recipe: Recipe, path: Path, *, cache: Path) -> None:
    """Write the image of `recipe` to the file `path`. A recipe over the host becomes one over Debian, which needs root.

    Raises:
        RuntimeError: the image cannot be built; says what is missing.
    """
    whole = msgspec.structs.replace(recipe, base="debian") if recipe.base == "host" else recipe
    write(building.build(whole, cache=cache), whole.references, path)


def write(image: Image, references: tuple[str, ...], path: Path) -> None:
    """Write an image as an archive."""
    partial = path.with_suffix(".partial")
    layer = _layer(image, partial)
    config = _json(_CONFIG, _config(image, layer))
    manifest = _json(
        _MANIFEST,
        {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config.descriptor(), "layers": [layer.descriptor()]},
    )
    index = {
        "schemaVersion": 2,
        "manifests": [
            manifest.descriptor(annotations={"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name})
            for name in references
        ],
    }
    with tarfile.open(path, "w") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(archive, "index.json", msgspec.json.encode(index))
        for blob in (manifest, config):
            _add(archive, f"blobs/sha256/{blob.digest}", blob.data)
        archive.add(partial, f"blobs/sha256/{layer.digest}", filter=_plain)
    partial.unlink()


def _config(image: Image, layer: _Blob) -> dict[str, Any]:
    user = next((str(added.uid) for added in image.users if added.name == image.user), image.user)
    return {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in sorted(image.env.items())],
            "Entrypoint": list(image.entrypoint),
            "Cmd": list(image.command),
            "User": user,
            "WorkingDir": image.working_dir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}"]},
    }


def _json(media: str, value: dict[str, Any]) -> _Blob:
    data = msgspec.json.encode(value)
    return _Blob(media, hashlib.sha256(data).hexdigest(), len(data), data)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = 0
    member.uname = member.gname = ""
    return member


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _layer(image: Image, path: Path) -> _Blob:
    with tarfile.open(path, "w") as archive:
        for name, source in sorted(_merged(image.layers).items()):
            archive.add(source, name, recursive=False, filter=_plain)
        if image.users:
            _add_users(archive, image)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _Blob(_LAYER, digest, path.stat().st_size, path=path)


def _merged(layers: tuple[str, ...]) -> dict[str, str]:
    """Name in the image -> path on disk, where an upper layer wins."""
    found: dict[str, str] = {}
    for layer in layers:
        for folder, folders, files in os.walk(layer):
            for name in (*folders, *files):
                path = os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand of them
                found.setdefault(os.path.relpath(path, layer), path)
    return found


def _add_users(archive: tarfile.TarFile, image: Image) -> None:
    for name, lines in accounts.files(image, image.layers).items():
        _add(archive, f"etc/{name}", lines.encode())
