"""What a pod runtime needs of an image: folders to stack, and the configuration that the image brings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of /etc/passwd and /etc/group that the image needs."""

    name: str
    uid: int
    home: str = "/"


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A built image.

    Attributes:
        layers: folders from top to bottom.
        host: they lie over the machine's own software.
        user: name, `uid` or `uid:gid`; empty is root.
    """

    layers: tuple[str, ...] = ()
    host: bool = False
    env: Mapping[str, str] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = "/"
    users: tuple[User, ...] = ()
