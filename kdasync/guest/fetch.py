"""A package over http(s).

Guarantees: reads no more than `limit` bytes, takes no longer than `timeout` seconds in all, follows redirects, checks certificates;
any failure to get an answer is a TransportError.
"""

from __future__ import annotations

import asyncio

import aiohttp

from kdasync.errors import TransportError
from kdasync.guest.package import Fetched

_PIECE = 256 * 1024
_OK = 200


class SessionFetch:
    """`Fetch` over an aiohttp session, which stays the caller's."""

    def __init__(self, session: aiohttp.ClientSession, *, limit: int, timeout: float) -> None:
        self._session = session
        self._limit = limit
        self._timeout = timeout

    async def __call__(self, url: str, etag: str) -> Fetched:
        """Get `url`, unless it still has `etag`.

        Raises:
            TransportError: no complete answer.
        """
        headers = {"If-None-Match": etag} if etag else {}
        try:
            async with asyncio.timeout(self._timeout), self._session.get(url, headers=headers, auto_decompress=False) as response:
                body = await self._read(response) if response.status == _OK else b""
                return Fetched(status=response.status, body=body, etag=response.headers.get("ETag", ""))
        except TimeoutError as error:
            raise TransportError(f"no complete answer within {self._timeout:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TransportError(str(error) or type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        body = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            body += piece
            if len(body) > self._limit:
                return None
        return bytes(body)
