"""Calls to admission webhooks: a handler in this process, or HTTPS with the webhook's own authority."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable

import aiohttp

from kdasync.kube.transport import Request, Response

Handler = Callable[[Request], Awaitable[Response]]
_OK = 200
_SERVER = 500


class HookError(Exception):
    """The webhook gave no usable answer; the text says why."""


def _broken(status: int, body: bytes) -> str:
    if status >= _SERVER:
        return f'an error on the server ("{body.decode(errors="replace")[:1024]}") has prevented the request from succeeding'
    return f"the server answered with status {status}"


async def ask_handler(handler: Handler, request: Request) -> bytes:
    """The body that a handler of this process answers.

    Raises:
        HookError: it answered with another status than 200.
    """
    answer = await handler(request)
    if answer.status != _OK:
        raise HookError(_broken(answer.status, answer.body))
    return answer.body


async def ask_url(url: str, body: bytes, *, authority: bytes, server_name: str = "") -> bytes:
    """The body that a webhook answers over HTTPS.

    Raises:
        HookError: no connection, a wrong certificate, or another status than 200.
    """
    context = ssl.create_default_context(cadata=authority.decode() or None)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                url,
                data=body,
                headers={"content-type": "application/json"},
                ssl=context,
                server_hostname=server_name or None,
            ) as answer,
        ):
            data = await answer.read()
            if answer.status != _OK:
                raise HookError(_broken(answer.status, data))
            return data
    except aiohttp.ClientError as error:
        raise HookError(f'Post "{url}": {error}') from error
