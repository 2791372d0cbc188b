"""The CRDs, and how they get into a cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kdasync.admission.expressions import with_rules
from kdasync.admission.rules import RULES
from kdasync.cli.data import data_folder
from kdasync.errors import NotFound, SettingsError
from kdasync.kube.client import Client
from kdasync.kube.resource import APPS, CLUSTERS, CONFIGS, DEFINITIONS, Resource

MANAGER = "kdasync"
SERVED = 30.0  # seconds: an API server takes a moment to serve what a new definition defines
_LOOK = 0.1


def files() -> list[Path]:
    """The manifests, sorted by name."""
    return sorted((data_folder("manifests") / "crds").glob("*.yaml"))


def bodies(*, ruled: bool = False) -> list[dict[str, Any]]:
    """The definitions; `ruled`: with the rules that the API server runs by itself."""
    plain: list[dict[str, Any]] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files()]
    return [with_rules(body, RULES) for body in plain] if ruled else plain


async def apply_definitions(client: Client, *, replace: bool, ruled: bool = False) -> list[str]:
    """Bring the CRDs into the cluster; those that are there stay as they are unless `replace`. Returns the names that were written.

    Raises:
        SettingsError: the API server does not serve them.
    """
    written = []
    for body in bodies(ruled=ruled):
        name: str = body["metadata"]["name"]
        if replace or not await _exists(client, DEFINITIONS, name):
            await client.apply(DEFINITIONS, "", name, msgspec.json.encode(body), field_manager=MANAGER)
            written.append(name)
    try:
        await _all_served(client)
    except TimeoutError as error:
        raise SettingsError(
            f"The API server does not serve the CRDs after {SERVED:g} s. Look at them: kubectl describe crd"
        ) from error
    return written


async def _all_served(client: Client) -> None:
    async with asyncio.timeout(SERVED):
        for resource in (CLUSTERS, APPS, CONFIGS):
            while not await _served(client, resource):  # noqa: ASYNC110 - what is waited for lies in the API server
                await asyncio.sleep(_LOOK)


async def _exists(client: Client, resource: Resource[Any], name: str) -> bool:
    try:
        await client.get(resource, "", name)
    except NotFound:
        return False
    return True


async def _served(client: Client, resource: Resource[Any]) -> bool:
    try:
        await client.list(resource, limit=1)
    except NotFound:
        return False
    return True
