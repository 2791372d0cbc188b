"""The operator with its port for metrics and probes: what a Deployment runs."""

from __future__ import annotations

import asyncio
import os

from kdasync.cli.admission import Admission
from kdasync.cli.operating import Running, operating
from kdasync.kube.session import connect
from kdasync.kube.transport import Transport
from kdasync.settings import Settings
from kdasync.telemetry.logging import logger
from kdasync.telemetry.probes import Heart, serve
from kdasync.workqueue.nursery import Nursery


async def run_service(kubeconfig: str | None, context: str | None, settings: Settings) -> None:
    """Run until cancelled.

    Raises:
        SettingsError: no usable kubeconfig or service account.
        OSError: the port is taken.
    """
    transport = await connect(kubeconfig, context)
    log = logger("run")
    try:
        async with operating(transport, settings=settings, identity=os.uname().nodename) as running:
            await _serve(running, settings, transport)
    finally:
        await transport.close()
        log.info("ended")


async def _serve(running: Running, settings: Settings, transport: Transport) -> None:
    operator = running.operator
    heart = Heart(operator.metrics, clock=asyncio.get_running_loop().time)
    admission = Admission(operator, transport, settings=settings) if settings.webhook else None
    port = serve(
        operator.metrics,
        host=settings.http_host,
        port=settings.http_port,
        alive=heart.alive,
        ready=lambda: operator.ready and (admission is None or admission.ready),
    )
    async with port as number, Nursery() as nursery:
        logger("run").info("serving", port=number, paths=["/metrics", "/healthz", "/readyz"])
        nursery.start(heart.beat(), name="heart")
        await running.ready()
        if admission is not None:
            nursery.start(admission.run(), name="admission")
        await asyncio.shield(running.task)
