"""A client for commands that ask or change something once, and the options that say where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kdasync.kube.client import Client
    from kdasync.kube.transport import Transport

F = TypeVar("F", bound=Callable[..., Any])


def where(function: F) -> F:
    """Options `--kubeconfig` and `--context`."""
    function = click.option("--context", help="Context of the kubeconfig.")(function)
    return click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False), help="Kubeconfig file.")(function)


def client_over(transport: Transport) -> Client:
    """A client in the real world. Call it inside the running loop."""
    from kdasync.cli.world import real_world
    from kdasync.kube.client import Client
    from kdasync.settings import Settings

    world = real_world(identity="kdasync")
    return Client(transport, settings=Settings(), clock=world.clock, sleep=world.sleep, random=world.random)


@asynccontextmanager
async def client_of(kubeconfig: str | None, context: str | None) -> AsyncIterator[Client]:
    """A client with a session of its own.

    Raises:
        SettingsError: no usable kubeconfig.
    """
    from kdasync.kube.session import connect

    transport = await connect(kubeconfig, context)
    try:
        yield client_over(transport)
    finally:
        await transport.close()
