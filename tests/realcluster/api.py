"""The few requests that the cluster's own start needs, over the standard library: what is tested must not start itself."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any

from realcluster import users
from realcluster.layout import API_PORT, Layout

_TIMEOUT = 30.0
_CREATED_BEFORE = 409


class Api:
    """A user's connection to the API server."""

    def __init__(self, layout: Layout, user: str = "admin") -> None:
        self._layout = layout
        self._headers = {"Authorization": f"Bearer {users.token(layout, user)}"}
        self._context = ssl.create_default_context(cafile=str(layout.path("pki", "ca.crt")))

    def request(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> tuple[int, bytes]:
        """Status and body. Raises OSError without an answer."""
        connection = self._connect(_TIMEOUT)
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, {**self._headers, "Content-Type": media}
            )
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def create(self, path: str, body: dict[str, Any]) -> None:
        """POST an object unless it exists.

        Raises:
            RuntimeError: the API server refused it.
        """
        status, answer = self.request("POST", path, body)
        if status >= http.client.BAD_REQUEST and status != _CREATED_BEFORE:
            raise RuntimeError(f"POST {path}: {status} {answer.decode()[:500]}")

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        """Events, beginning with all objects there are, until the server ends the stream. Raises OSError if it does not begin."""
        connection = self._connect(None)
        try:
            connection.request("GET", f"{path}?watch=1", headers=self._headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise ConnectionError(f"{path}: {response.status}")
            while line := response.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def _connect(self, timeout: float | None) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._layout.address, API_PORT, timeout=timeout, context=self._context)
