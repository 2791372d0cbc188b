"""Where the demo plays: an own devcluster with real processes, or the user's cluster.

Flow: cluster, CRDs, package server, operator, stage. Guarantees: leaving takes down everything that was made, unless it is to be kept;
on the user's cluster that is one namespace, and the operator looks at no other one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import msgspec

from kdasync.cli.access import client_over
from kdasync.cli.apps import definition, image, sample
from kdasync.cli.data import data_folder
from kdasync.cli.definitions import apply_definitions
from kdasync.cli.demo.board import Board
from kdasync.cli.demo.stage import Stage
from kdasync.cli.demo.story import Kill
from kdasync.cli.local import PROCESS, Local, catalog_images, local_cluster
from kdasync.cli.operating import Running, operating
from kdasync.cli.packages import serve_packages
from kdasync.devcluster.node.access import Access
from kdasync.errors import AlreadyExists, NotFound, SettingsError
from kdasync.kube.client import Client
from kdasync.kube.resource import NAMESPACES
from kdasync.kube.session import connect
from kdasync.operator import Operator
from kdasync.render.keys import APP_CONTAINER
from kdasync.settings import Settings, load

NAMESPACE = "kdasync-demo"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    app: str
    context: str | None
    keep: bool


class Scene(msgspec.Struct, frozen=True):
    """All that the story needs."""

    stage: Stage
    operator: Operator
    operating: asyncio.Task[None]
    kill: Kill
    kubeconfig: str


@asynccontextmanager
async def scene(plan: Plan, board: Board) -> AsyncIterator[Scene]:
    """Set it.

    Raises:
        SettingsError: this machine or that cluster cannot be used; says what to do.
    """
    async with AsyncExitStack() as stack:
        local = None if plan.context else await _local(stack, plan, board)
        kubeconfig = str(local.kubeconfig) if local else None
        namespace = "default" if local else NAMESPACE
        client = client_over(await _connected(stack, kubeconfig, plan.context))
        board.say("bringing in the CRDs and starting the operator")
        await apply_definitions(client, replace=local is not None)
        if not local:
            await _namespace(stack, client, keep=plan.keep)
        packages = await stack.enter_async_context(serve_packages(data_folder("catalog")))
        settings = load(watch_namespace=namespace)
        running = await _operator(stack, kubeconfig, plan.context, settings, board)
        app: dict[str, Any] = definition(plan.app, package_base=packages)
        stage = Stage(client, namespace=namespace, app=app, cluster=sample(plan.app))
        if not local and not plan.keep:
            stack.push_async_callback(_cleared, stage)  # while the operator still runs: it takes the finalizer off
        kill = _from_outside(local, namespace) if local else _from_inside(stage)
        yield Scene(stage, running.operator, running.task, kill, kubeconfig or "")


async def _local(stack: AsyncExitStack, plan: Plan, board: Board) -> Local:
    images = catalog_images()
    reference = image(definition(plan.app))
    board.say(f"preparing the image {reference} (built once, then cached)")
    try:
        await asyncio.to_thread(images.resolve, reference)
    except RuntimeError as error:  # says what is missing
        raise SettingsError(str(error)) from error
    board.say("starting a Kubernetes of its own, with real processes as pods")
    return await stack.enter_async_context(local_cluster(runtime=PROCESS, images=images))


async def _connected(stack: AsyncExitStack, kubeconfig: str | None, context: str | None) -> Any:
    transport = await connect(kubeconfig, context)
    stack.push_async_callback(transport.close)
    return transport


async def _operator(
    stack: AsyncExitStack, kubeconfig: str | None, context: str | None, settings: Settings, board: Board
) -> Running:
    transport = await _connected(stack, kubeconfig, context)
    running = await stack.enter_async_context(
        operating(transport, settings=settings, identity="kdasync-demo", listener=board.listen)
    )
    await running.ready()
    return running


async def _namespace(stack: AsyncExitStack, client: Client, *, keep: bool) -> None:
    body = msgspec.json.encode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    try:
        await client.create(NAMESPACES, "", body)
    except AlreadyExists as error:
        raise SettingsError(
            f"The namespace {NAMESPACE} is there already. Delete it: kubectl delete namespace {NAMESPACE}"
        ) from error
    if not keep:
        stack.push_async_callback(client.delete, NAMESPACES, "", NAMESPACE)


async def _cleared(stage: Stage) -> None:
    """Nothing is left of the cluster, however the story ended."""
    with suppress(NotFound):
        await stage.delete()
        await stage.gone()


def _from_outside(local: Local, namespace: str) -> Kill:
    """SIGKILL from outside: nobody inside a PID namespace can kill its first process."""

    async def kill(pod: str) -> None:
        access = local.cluster.plane.access
        if isinstance(access, Access):
            await access.node.task(namespace, pod).container(APP_CONTAINER).running().stop(grace=0)

    return kill


def _from_inside(stage: Stage) -> Kill:
    """SIGTERM by exec, which is all that the kernel lets somebody inside do to the first process."""

    async def kill(pod: str) -> None:
        await stage.run(pod, ("sh", "-c", "kill -TERM 1"))

    return kill
