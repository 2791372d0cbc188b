"""A devcluster for a command: its folder, its runtime, its kubeconfig.

Guarantees: leaving ends every pod and removes the folder; the kubeconfig holds an administrator's token, so only its owner may read it.
"""

from __future__ import annotations

import random
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kdasync.cli.data import data_folder
from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.devcluster.image.build import default_cache
from kdasync.devcluster.image.recipe import read_catalog
from kdasync.devcluster.image.store import ImageStore
from kdasync.devcluster.runtime.process import ProcessRuntime
from kdasync.devcluster.runtime.protocol import Runtime
from kdasync.devcluster.runtime.simguest import SimGuest
from kdasync.devcluster.runtime.simulated import SimulatedRuntime
from kdasync.errors import SettingsError

PROCESS, SIMULATED = "process", "simulated"


class Local(msgspec.Struct, frozen=True):
    """A running devcluster.

    Attributes:
        kubeconfig: the file.
        folder: for whatever the command keeps while it runs.
        cluster: the devcluster.
    """

    kubeconfig: Path
    folder: Path
    cluster: DevCluster


def catalog_images(*, default: str = "") -> ImageStore:
    """The images of the catalog's recipes, built into the user's cache when first used; `default` stands for unknown ones."""
    return ImageStore(cache=default_cache(), recipes=read_catalog(data_folder("catalog")), default=default)


@asynccontextmanager
async def local_cluster(
    *, runtime: str, images: ImageStore, kubeconfig: Path | None = None, settings: DevClusterSettings | None = None
) -> AsyncIterator[Local]:
    """Run a devcluster; `kubeconfig` is where to write the file, in the own folder if None.

    Raises:
        SettingsError: the machine cannot run it; says what to do.
    """
    folder = Path(tempfile.mkdtemp(prefix="kdasync-"))
    place = kubeconfig or folder / "kubeconfig"
    try:
        cluster = DevCluster(_runtime(runtime, folder, images), settings=settings)
        await _start(cluster)
        try:
            _write(place, cluster.kubeconfig())
            yield Local(place.absolute(), folder, cluster)
        finally:
            place.unlink(missing_ok=True)
            await cluster.__aexit__(None, None, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _start(cluster: DevCluster) -> None:
    try:
        await cluster.__aenter__()
    except RuntimeError as error:  # a runtime's way to say that the machine cannot do it, with the remedy
        raise SettingsError(str(error)) from error


def _runtime(kind: str, folder: Path, images: ImageStore) -> Runtime:
    if kind == SIMULATED:
        return SimulatedRuntime(random=random.Random(secrets.randbits(64)), guest=SimGuest())  # noqa: S311 - names and addresses, not secrets
    return ProcessRuntime(state=folder / "node", images=images, ids=lambda: secrets.token_hex(32))


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.touch(mode=0o600)
    place.write_text(text, encoding="utf-8")
