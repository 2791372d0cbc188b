"""A rendered object: the frozen value that `render` hands to `reconcile`."""

from __future__ import annotations

from typing import Any

import msgspec


class Manifest(msgspec.Struct, frozen=True):
    """One object as it is to be on the server.

    Attributes:
        kind: e.g. `StatefulSet`.
        body: the wire form; never changed after it was rendered.
    """

    kind: str
    namespace: str
    name: str
    body: dict[str, Any]

    def encode(self) -> bytes:
        """The body of a create."""
        return msgspec.json.encode(self.body)
