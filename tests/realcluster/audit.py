"""What was asked of the API server, by whom, from its own audit log."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec


class _User(msgspec.Struct, frozen=True):
    username: str


class _Reference(msgspec.Struct, frozen=True, rename="camel"):
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class _Answer(msgspec.Struct, frozen=True):
    code: int = 0


class Asked(msgspec.Struct, frozen=True, rename="camel"):
    """One finished request."""

    verb: str
    stage: str
    user: _User
    request_uri: str = ""
    object_ref: _Reference = _Reference()
    response_status: _Answer = _Answer()

    @property
    def what(self) -> str:
        """Resource with subresource, e.g. `pods/exec`."""
        reference = self.object_ref
        return f"{reference.resource}/{reference.subresource}" if reference.subresource else reference.resource


_DECODER = msgspec.json.Decoder(Asked)


class Audit:
    """Reads a growing log.

    Args:
        path: of the log.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def position(self) -> int:
        """Where the log ends now."""
        return self._path.stat().st_size

    def since(self, position: int, *, user: str, namespace: str = "") -> list[Asked]:
        """Finished requests of a user; a watch and an exec count when they begin."""
        with self._path.open("rb") as log:
            log.seek(position)
            lines = [line for line in log.read().splitlines() if line.endswith(b"}")]
        asked = [_DECODER.decode(line) for line in lines]
        return [item for item in asked if self._counts(item, user, namespace)]

    @staticmethod
    def _counts(item: Asked, user: str, namespace: str) -> bool:
        begins = item.stage == "ResponseStarted"
        lasting = item.verb == "watch" or item.object_ref.subresource == "exec"
        mine = item.user.username == user and (not namespace or item.object_ref.namespace == namespace)
        return mine and begins == lasting


def counted(asked: list[Asked]) -> Counter[tuple[str, str]]:
    """(verb, resource) -> number."""
    return Counter((item.verb, item.what) for item in asked)
