"""The webhook on a socket: HTTPS by aiohttp, its certificate replaced while it runs.

Flow: the port is opened, then the first certificate is taken, then we are registered: who is sent here finds a door. Requests go to
`Webhook.handle`, and the rotation goes on beside it.
Guarantees: a new certificate counts for every connection from then on, and open ones stay; a body above the limit, and one that does
not arrive in time, are answered and not kept. Assumptions: HTTP/1.1, as the API server speaks to webhooks that offer nothing else.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from kdasync.admission.certificates import Material
from kdasync.admission.handle import BODY, HEALTH, READY
from kdasync.kube.transport import Request, Response

SECONDS = 4.0  # for one request, its body included; the API server gives up after `registration.TIMEOUT`
Handler = Callable[[Request], Awaitable[Response]]


class Tls:
    """A server context whose certificate changes."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def take(self, material: Material) -> None:
        """Serve this certificate from the next connection on."""
        with tempfile.TemporaryDirectory() as folder:  # the ssl module reads certificates from files only
            path = Path(folder, "server.pem")
            path.touch(mode=0o600)
            path.write_bytes(material.certificate + material.key)
            self.context.load_cert_chain(path)


@asynccontextmanager
async def serve(
    handler: Handler, *, host: str, port: int, context: ssl.SSLContext, ready: Callable[[], bool]
) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (a free one if `port` is 0). Raises OSError if it cannot be bound."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == READY:
            return web.Response(text="ok" if ready() else "not ready", status=200 if ready() else 503)
        try:
            async with asyncio.timeout(SECONDS):
                body = await request.read()
                made = await handler(Request(request.method, request.path, (), {}, body))
        except TimeoutError:
            return web.Response(text="too slow", status=503)
        headers = {key: value for key, value in made.headers.items() if key == "content-type"}
        return web.Response(body=made.body, status=made.status, headers=headers)

    app = web.Application(client_max_size=BODY)
    for path in ("/mutate", "/validate", HEALTH, READY):
        app.router.add_route("*", path, answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
