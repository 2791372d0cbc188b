"""The whole devcluster: API server, controllers and node as one thing with a beginning and an end.

Flow: `async with DevCluster(...) as dev:` starts the server, makes the standard namespaces, then runs controllers and node over
in-process transports; leaving ends all of it, the last started first.
Guarantees: nothing is left running afterwards; what broke inside is raised on leaving.
"""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Self

import msgspec

from kdasync.devcluster import certificates, kubeconfig
from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.manager import Controllers
from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.environment import Environment, system
from kdasync.devcluster.http import HttpServer
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.devcluster.node.access import Access
from kdasync.devcluster.node.node import Node
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.runtime.protocol import Runtime
from kdasync.devcluster.server import ADMIN, ApiServer
from kdasync.devcluster.storage import Storage
from kdasync.kube.transport import Request

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class DevClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Knobs of a devcluster.

    Attributes:
        host: address to listen on; empty: no socket, in-process only.
        port: TCP port, 0 for a free one.
        tls: HTTPS by an authority of its own, and bearer tokens; else plain HTTP without asking who it is.
        namespaces: made at start.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = True
    namespaces: tuple[str, ...] = NAMESPACES


class DevCluster:
    """An embedded Kubernetes.

    Args:
        runtime: what runs the pods; None: no node and no controllers, an API server alone. The cluster starts and closes it.
    """

    def __init__(
        self,
        runtime: Runtime | None = None,
        *,
        settings: DevClusterSettings | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.settings = settings or DevClusterSettings()
        self.plane = Plane(environment=environment or system())
        self.server = ApiServer(self.plane)
        self.url = ""
        self._runtime = runtime
        self._nursery = Nursery()
        self._http: HttpServer | None = None
        self._authority = b""
        self._token = ""
        self.transport = InProcessTransport(self.server)

    @property
    def storage(self) -> Storage:
        """All objects."""
        return self.plane.storage

    def kubeconfig(self, namespace: str = "default") -> str:
        """The kubeconfig of an administrator, as YAML."""
        return kubeconfig.kubeconfig(self.url, authority=self._authority, token=self._token, namespace=namespace)

    def connect(self) -> InProcessTransport:
        """A further in-process transport, to be severed on its own."""
        return InProcessTransport(self.server, token=self._token)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stop()
        self._nursery.check()

    async def _start(self) -> None:
        if self.settings.host:
            await self._listen()
        self.transport = self.connect()
        for name in self.settings.namespaces:
            body = msgspec.json.encode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            await self.transport.request(Request("POST", "/api/v1/namespaces", body=body), timeout=10)
        if self._runtime is not None:
            await self._runtime.start()
            await self._run(self._runtime)

    async def _listen(self) -> None:
        context = None
        if self.settings.tls:
            hosts = ("localhost", "127.0.0.1", "::1", self.settings.host, "kubernetes", "kubernetes.default.svc")
            issued = certificates.issue(hosts, now=self.plane.environment.clock())
            context = issued.server_context()
            self._authority = issued.authority
            self._token = secrets.token_urlsafe(32)
            self.plane.tokens[self._token] = ADMIN
        self._http = HttpServer(self.server, context=context)
        self.url = await self._http.start(self.settings.host, self.settings.port)

    async def _run(self, runtime: Runtime) -> None:
        caches = Caches(Wire(self.connect()))
        controllers = Controllers(caches, publish=runtime.publish)
        node = Node(caches, runtime, environment=self.plane.environment)
        self.plane.access = Access(node)
        self._nursery.spawn(caches.run())
        await caches.synced()
        self._nursery.spawn(controllers.run())
        self._nursery.spawn(node.run())

    async def _stop(self) -> None:
        await self._nursery.close()
        if self._runtime is not None:
            await self._runtime.close()
        if self._http is not None:
            await self._http.close()
        await self.transport.close()
