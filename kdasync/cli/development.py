"""A devcluster with CRDs, catalog packages and operator, until somebody ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from kdasync import settings
from kdasync.cli.access import client_over
from kdasync.cli.data import data_folder
from kdasync.cli.definitions import apply_definitions
from kdasync.cli.local import Local, catalog_images, local_cluster
from kdasync.cli.operating import operating
from kdasync.cli.packages import serve_packages
from kdasync.devcluster.cluster import DevClusterSettings
from kdasync.kube.session import connect
from kdasync.telemetry import logging

_HELP = """Kubernetes is up. In another terminal:

  export KUBECONFIG={kubeconfig}
  kubectl get kubedirectorapps,kubedirectorclusters,pods
"""
_CATALOG = """  kdasync catalog show dask --package-base {packages} | kubectl apply -f -
  kdasync catalog cluster dask | kubectl apply -f -
"""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for; see the options of `kdasync dev`."""

    runtime: str
    kubeconfig: Path | None
    port: int
    operator: bool
    image: str


async def develop(wish: Wish, *, tell: Callable[[str], None]) -> None:
    """Run until cancelled.

    Raises:
        SettingsError: the machine cannot run it; says what to do.
    """
    async with AsyncExitStack() as stack:
        local = await stack.enter_async_context(
            local_cluster(
                runtime=wish.runtime,
                images=catalog_images(default=wish.image),
                kubeconfig=wish.kubeconfig,
                settings=DevClusterSettings(port=wish.port),
            )
        )
        transport = await connect(str(local.kubeconfig))
        stack.push_async_callback(transport.close)
        await apply_definitions(client_over(transport), replace=True)
        if wish.operator:
            await _operator(stack, local, tell)
        else:
            tell(_HELP.format(kubeconfig=local.kubeconfig))
            await asyncio.Event().wait()


async def _operator(stack: AsyncExitStack, local: Local, tell: Callable[[str], None]) -> None:
    chosen = settings.load()
    logging.configure(level=chosen.log_level, style="text")
    packages = await stack.enter_async_context(serve_packages(data_folder("catalog")))
    transport = await connect(str(local.kubeconfig))
    stack.push_async_callback(transport.close)
    running = await stack.enter_async_context(operating(transport, settings=chosen, identity="kdasync-dev"))
    await running.ready()
    tell(_HELP.format(kubeconfig=local.kubeconfig) + _CATALOG.format(packages=packages))
    await asyncio.shield(running.task)
