"""A followed log as a body in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Log:
    """What there is, then what comes."""

    def __init__(self, data: bytes, source: AsyncIterator[bytes]) -> None:
        self._data = data
        self._source = source
        self._done = False

    def __aiter__(self) -> Log:
        return self

    async def __anext__(self) -> bytes:
        """The next piece."""
        if self._data:
            data, self._data = self._data, b""
            return data
        if self._done:
            raise StopAsyncIteration
        return await self._source.__anext__()

    def close(self) -> None:
        """Stop reading."""
        self._done = True
