"""The webhook of a running operator: its stores, a client of its own, its certificates and its port.

Why its own client: every replica answers, so these requests must not be held back by the leader's fence.
"""

from __future__ import annotations

import asyncio
import random
import time

from kdasync.admission.certificates import Issuer, hosts
from kdasync.admission.handle import Webhook, asker
from kdasync.admission.keeper import ClusterKeeper
from kdasync.admission.live import Known
from kdasync.admission.registration import SERVICE
from kdasync.admission.rotation import Rotator
from kdasync.admission.server import Tls, serve
from kdasync.kube.client import Client
from kdasync.kube.transport import Transport
from kdasync.operator import Operator
from kdasync.settings import Settings
from kdasync.telemetry.logging import logger

ACCOUNTS = ("kdasync", "kubedirector")  # service accounts of operators


def operators(namespace: str) -> tuple[str, ...]:
    """User names of operators in a namespace."""
    return tuple(f"system:serviceaccount:{namespace}:{name}" for name in ACCOUNTS)


class Admission:
    """Serves once the operator's stores are synced. Construct it inside the running loop."""

    def __init__(self, operator: Operator, transport: Transport, *, settings: Settings) -> None:
        self._settings = settings
        self._tls = Tls()
        client = Client(
            transport,
            settings=settings,
            clock=asyncio.get_running_loop().time,
            sleep=asyncio.sleep,
            random=random.SystemRandom().random,
            observe=operator.metrics.request,
        )
        self._webhook = Webhook(_known(operator, settings), asker(client))
        self._rotator = Rotator(
            ClusterKeeper(client, namespace=settings.namespace),
            Issuer(hosts=hosts(SERVICE, settings.namespace)),
            serve=self._tls.take,
            now=time.time,
        )

    @property
    def ready(self) -> bool:
        """True while the API server would accept our certificate."""
        return self._rotator.ready

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            OSError: the port is taken.
        """
        server = serve(
            self._webhook.handle,
            host=self._settings.webhook_host,
            port=self._settings.webhook_port,
            context=self._tls.context,
            ready=lambda: self.ready,
        )
        async with server as port:
            logger("admission").info("serving", port=port)
            await self._rotator.run(asyncio.sleep)


def _known(operator: Operator, settings: Settings) -> Known:
    stores = operator.stores
    return Known(
        apps=stores.apps,
        clusters=stores.clusters,
        configs=stores.configs,
        storage_classes=stores.storage_classes,
        of_app=lambda app: (found for key in stores.of_app(app) if (found := stores.clusters.get(*key)) is not None),
        namespace=settings.namespace,
        operators=frozenset(operators(settings.namespace)),
        enforce=settings.access_review,
    )
