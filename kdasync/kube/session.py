"""The HTTPS session to a real API server: the `Transport` that talks to the world outside this process.

Why not kubernetes_asyncio's own session: it asks a thread for netrc and for proxies on every request, which makes a request
three to four times as dear, and its WebSocket client loses the exit status. Its configuration and authentication are used.

Flow: `connect` reads a kubeconfig or the pod's service account; each request takes the current token from it.

Guarantees: those of `kube/transport.py`. Requests, exec channels and watches have connections of their own, so that none of
them can use up the slots of another. A redirect is returned, not followed: the token never goes to another host. Exception to
"nothing is retried": aiohttp repeats a GET, PUT or DELETE once if a kept connection turns out to be closed before any answer.

Assumptions: constructed inside a running loop and closed in it.
"""

from __future__ import annotations

import asyncio
import math
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp
import yarl

from kdasync.errors import SettingsError, TransportError
from kdasync.kube.proxy import proxy_for
from kdasync.kube.transport import Channel, ChannelRefused, Request, Response, Stream

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from kubernetes_asyncio.client import Configuration
    from kubernetes_asyncio.config.kube_config import KubeConfigLoader

PROTOCOL = "v5.channel.k8s.io"
REQUESTS = 100
CHANNELS = 0  # no limit: an exec waits for its script as long as that runs; what is bounded are transfers (settings.exec_transfers)
_HEARTBEAT = 20.0  # seconds between pings of an exec channel: below the usual proxy limit of 60 s
_CLOSING = 5.0  # seconds for the closing handshake of a channel
_CONNECT_SHARE = 0.75  # of a request's time: a connect that takes longer surely sent nothing, and must be told from a lost answer
_TOKEN_SECONDS = 60.0  # a token is read again after this, as client-go does
_READ_BUFFER = 2**18
_SAFE = "/:@!$&'()*+,;=~-._"

Authorization = Callable[[], Awaitable[str]]


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def _translated(request: Request) -> Iterator[None]:
    """Every failure of aiohttp, ssl and the socket becomes a TransportError."""
    what = f"{request.method} {request.path}"
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        raise TransportError(f"{what}: no connection: {error}", sent=False) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise TransportError(f"{what}: {type(error).__name__}: {error}") from error


class _Upgrade(aiohttp.ClientResponse):
    """The answer to an upgrade: aiohttp would drop the body of a refusal, which says why."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        await super().start(connection)
        if self.status != 101:  # noqa: PLR2004 - Switching Protocols
            raise ChannelRefused(Response(self.status, _lower(self.headers), await self.read()))
        return self


class _HttpStream:
    """A Stream over an aiohttp response."""

    def __init__(self, response: aiohttp.ClientResponse, request: Request) -> None:
        self._response = response
        self._request = request
        self.status = response.status
        self.headers = _lower(response.headers)

    async def chunks(self) -> AsyncIterator[bytes]:
        with _translated(self._request):
            while chunk := await self._response.content.readany():
                yield chunk

    async def read(self) -> bytes:
        with _translated(self._request):
            return await self._response.read()


class _HttpChannel:
    """A Channel over an aiohttp WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, request: Request) -> None:
        self._socket = socket
        self._request = request
        self.protocol = socket.protocol or ""

    async def send(self, message: bytes) -> None:
        with _translated(self._request):
            await self._socket.send_bytes(message)

    async def receive(self) -> bytes | None:
        with _translated(self._request):
            message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data).encode()
        if message.type is aiohttp.WSMsgType.CLOSE and self._socket.close_code != aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
            return None
        raise TransportError(f"{self._request.path}: the connection was cut")

    async def close(self) -> None:
        with _translated(self._request):
            await self._socket.close()


class HttpTransport:
    """A `Transport` over HTTP(S).

    Args:
        base_url: scheme, host, port and an optional path prefix.
        token: bearer token; or give `authorization`, which returns the whole header value and may change over time.
        ssl_context: None takes the system's certificate authorities.
        server_hostname: name to check the certificate against, if not the host's (`tls-server-name`).
        proxy: URL of an HTTP proxy, or None; the environment is not read here.
        requests: connections for requests.
        channels: connections for exec.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        authorization: Authorization | None = None,
        ssl_context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        proxy: str | None = None,
        requests: int = REQUESTS,
        channels: int = CHANNELS,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._token = token
        self._authorization = authorization
        self._common: dict[str, Any] = {"proxy": proxy, "server_hostname": server_hostname}
        self._requests = self._session(ssl_context, limit=requests)
        self._watches = self._session(ssl_context, limit=0, force_close=True)
        self._channels = self._session(ssl_context, limit=channels, response_class=_Upgrade)

    @staticmethod
    def _session(context: ssl.SSLContext | None, *, limit: int, force_close: bool = False, **kwargs: Any) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=limit, ssl=context or True, force_close=force_close)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "kdasync"},
            read_bufsize=_READ_BUFFER,
            **kwargs,
        )

    def _url(self, request: Request) -> yarl.URL:
        query = f"?{urlencode(request.query)}" if request.query else ""
        return yarl.URL(f"{self._base}{quote(request.path, safe=_SAFE)}{query}", encoded=True)

    async def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        value = f"Bearer {self._token}" if self._token else await self._authorization() if self._authorization else ""
        if value:
            headers["Authorization"] = value
        return headers

    async def request(self, request: Request, *, timeout: float) -> Response:  # noqa: ASYNC109 - part of the contract
        """See `Transport.request`."""
        limit = aiohttp.ClientTimeout(total=None, connect=timeout * _CONNECT_SHARE, ceil_threshold=math.inf)
        with _translated(request):
            async with (
                asyncio.timeout(timeout),
                self._requests.request(
                    request.method,
                    self._url(request),
                    headers=await self._headers(request),
                    data=request.body or None,
                    timeout=limit,
                    allow_redirects=False,
                    **self._common,
                ) as response,
            ):
                return Response(response.status, _lower(response.headers), await response.read())

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> AsyncIterator[Stream]:
        """See `Transport.stream`. The first byte of the answer, too, must come within `idle_timeout`."""
        limit = aiohttp.ClientTimeout(total=None, connect=connect_timeout, sock_read=idle_timeout, ceil_threshold=math.inf)
        with _translated(request):
            async with asyncio.timeout(connect_timeout):
                headers = await self._headers(request)
            response = await self._watches.request(
                request.method,
                self._url(request),
                headers=headers,
                data=request.body or None,
                timeout=limit,
                allow_redirects=False,
                **self._common,
            )
        try:
            yield _HttpStream(response, request)
        finally:
            response.close()

    @asynccontextmanager
    async def channel(self, request: Request, *, connect_timeout: float) -> AsyncIterator[Channel]:
        """See `Transport.channel`."""
        with _translated(request):
            async with asyncio.timeout(connect_timeout):
                socket = await self._channels.ws_connect(
                    self._url(request),
                    headers={**await self._headers(request), "Accept": "*/*"},  # a kubelet answers 406 to any narrower one
                    protocols=(PROTOCOL,),
                    heartbeat=_HEARTBEAT,
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),
                    **self._common,
                )
        channel = _HttpChannel(socket, request)
        try:
            yield channel
        finally:
            await channel.close()

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._requests, self._watches, self._channels):
            await session.close()


def _ssl_context(configuration: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # Certificate authorities made by older tools lack extensions that Python's strict mode, the default since 3.13, asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class _Reload:
    """Hook of a Configuration: reads the kubeconfig's credentials again, at most once a minute, whatever their kind."""

    def __init__(self, loader: KubeConfigLoader, clock: Callable[[], float]) -> None:
        self._loader = loader
        self._clock = clock
        self._next = clock() + _TOKEN_SECONDS

    def __call__(self, configuration: Configuration) -> Awaitable[None] | None:
        if self._clock() < self._next:
            return None
        self._next = self._clock() + _TOKEN_SECONDS
        return self._loader.load_and_set(configuration)


async def _configuration(kubeconfig: str | None, context: str | None) -> Configuration:
    from kubernetes_asyncio import client, config

    configuration = client.Configuration()
    if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        return configuration
    loader = await config.load_kube_config(
        config_file=kubeconfig, context=context, client_configuration=configuration, persist_config=False
    )
    configuration.refresh_api_key_hook = _Reload(loader, asyncio.get_running_loop().time)
    return configuration


def _authorization(configuration: Configuration) -> Authorization:
    async def authorization() -> str:
        try:
            settings = await configuration.auth_settings()
        except Exception as error:  # an exec plugin, an OIDC provider or a token file: anything may go wrong there
            raise TransportError(f"The credentials could not be read again: {error}", sent=False) from error
        return str(settings["BearerToken"]["value"]).strip() if "BearerToken" in settings else ""

    return authorization


async def connect(kubeconfig: str | None = None, context: str | None = None) -> HttpTransport:
    """The session to a cluster: of `kubeconfig` and `context` if given, else of the pod we run in, else of the default kubeconfig.

    Raises:
        SettingsError: no usable kubeconfig or service account.
    """
    try:
        configuration = await _configuration(kubeconfig, context)
        ssl_context = _ssl_context(configuration)
    except Exception as error:  # kubernetes_asyncio raises what YAML, base64, ssl and the file system raise
        raise SettingsError(f"No usable kubeconfig: {error} Give one with --kubeconfig or KUBECONFIG.") from error
    host = str(configuration.host)
    return HttpTransport(
        host,
        authorization=_authorization(configuration),
        ssl_context=ssl_context,
        server_hostname=configuration.tls_server_name,
        proxy=configuration.proxy or proxy_for(host, os.environ),
    )
