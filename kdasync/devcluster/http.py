"""The API server on a socket: a thin aiohttp shell around `ApiServer`.

Guarantees: a client that goes away ends its watch or exec at once; `close` ends every open stream. Assumptions: HTTP/1.1 with
WebSockets, which is what kubectl and client-go fall back to or use.
"""

from __future__ import annotations

import ssl

from aiohttp import WSMsgType, web

from kdasync.devcluster.answers import Streaming, Upgrade
from kdasync.devcluster.server import ApiServer
from kdasync.devcluster.status import bad_request
from kdasync.kube.transport import Request, Response

BODY_LIMIT = 3 * 1024 * 1024  # kube-apiserver's limit of a request body
SHUTDOWN = 1.0


class _Socket:
    """The server's end of an aiohttp WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: bytes) -> None:
        try:
            await self._socket.send_bytes(message)
        except ConnectionError:
            return  # the receiving side tells that the client is gone

    async def receive(self) -> bytes | None:
        while True:
            message = await self._socket.receive()
            if message.type == WSMsgType.BINARY:
                data: bytes = message.data
                return data
            if message.type == WSMsgType.TEXT:
                return str(message.data).encode()
            if message.type not in {WSMsgType.PING, WSMsgType.PONG}:
                return None


class HttpServer:
    """Serves an `ApiServer` on a TCP port."""

    def __init__(self, server: ApiServer, *, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._context = context
        self._open: dict[Streaming, None] = {}
        self._sockets: dict[web.WebSocketResponse, None] = {}
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.on_shutdown.append(self._shutdown)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN)

    async def start(self, host: str, port: int) -> str:
        """Listen; the URL. Port 0 takes a free one."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._context)
        await site.start()
        bound = self._runner.addresses[0]
        name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"{'https' if self._context else 'http'}://{name}:{bound[1]}"

    async def close(self) -> None:
        """End every stream and stop listening."""
        await self._runner.cleanup()

    async def _shutdown(self, _application: web.Application) -> None:
        for answer in list(self._open):
            answer.chunks.close()
        for socket in list(self._sockets):
            await socket.close()

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        request = Request(
            incoming.method,
            incoming.rel_url.raw_path,
            tuple(incoming.rel_url.query.items()),
            {name.lower(): value for name, value in incoming.headers.items()},
            await incoming.read(),
        )
        answer = await self._server.answer(request)
        if isinstance(answer, Streaming):
            return await self._stream(incoming, answer)
        if isinstance(answer, Upgrade):
            return await self._upgrade(incoming, answer)
        return _plain(answer)

    async def _stream(self, incoming: web.Request, answer: Streaming) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
        self._open[answer] = None
        try:
            await response.prepare(incoming)
            async for chunk in answer.chunks:
                await response.write(chunk)
            await response.write_eof()
        except ConnectionError:
            return response  # the client is gone; there is nobody to tell
        finally:
            answer.chunks.close()
            self._open.pop(answer, None)
        return response

    async def _upgrade(self, incoming: web.Request, answer: Upgrade) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(answer.protocol,), max_msg_size=0)
        if not socket.can_prepare(incoming):
            return _plain(bad_request("Upgrade request required").response())
        await socket.prepare(incoming)
        self._sockets[socket] = None
        try:
            await answer.serve(_Socket(socket))
            await socket.close()
        finally:
            self._sockets.pop(socket, None)
        return socket


def _plain(answer: Response) -> web.Response:
    return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)
