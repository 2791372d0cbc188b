"""The files passwd and group of an image: what its layers have, with the recipe's users added; and what a user name means."""

from __future__ import annotations

from pathlib import Path

from kdasync.devcluster.image.image import Image


def _lines(layers: tuple[str, ...], name: str) -> list[str]:
    """Lines of a file of the topmost layer that has it."""
    for layer in layers:
        path = Path(layer, "etc", name)
        if path.is_file():
            return path.read_text(errors="replace").splitlines()
    return []


def _accounts(image: Image, layers: tuple[str, ...]) -> list[tuple[str, int, int, str]]:
    """(name, uid, gid, home) of every account, the recipe's first."""
    added = [(user.name, user.uid, user.uid, user.home) for user in image.users]
    words = [line.split(":") for line in _lines(layers, "passwd")]
    return added + [(word[0], int(word[2]), int(word[3]), word[5]) for word in words if len(word) == 7]  # noqa: PLR2004 - passwd(5)


def files(image: Image, layers: tuple[str, ...]) -> dict[str, str]:
    """`passwd` and `group` with the recipe's users, first, so that they own their numbers; empty if it has none, as the layers' own files are right then."""
    if not image.users:
        return {}
    names = {user.name for user in image.users}
    passwd = [line for line in _lines(layers, "passwd") if line.split(":")[0] not in names]
    group = [line for line in _lines(layers, "group") if line.split(":")[0] not in names]
    added = [f"{user.name}:x:{user.uid}:{user.uid}::{user.home}:/bin/sh" for user in image.users]
    groups = [f"{user.name}:x:{user.uid}:" for user in image.users]
    return {"passwd": "\n".join([*added, *passwd]) + "\n", "group": "\n".join([*groups, *group]) + "\n"}


def identity(user: str, *, image: Image, layers: tuple[str, ...]) -> tuple[int, int]:
    """Numeric user and group of `name`, `uid` or `uid:gid`; empty is root.

    Raises:
        OSError: no such user in the image.
    """
    name, _, group = user.partition(":")
    accounts = _accounts(image, layers)
    if not name:
        return 0, 0
    if name.isdigit():
        primary = next((gid for _, uid, gid, _ in accounts if uid == int(name)), 0)
        return int(name), int(group or primary)
    for known, uid, gid, _ in accounts:
        if known == name:
            return uid, int(group or gid)
    raise OSError(f"the image has no user {name}. Add it to the recipe's users or give a number.")


def home(user: int, *, image: Image, layers: tuple[str, ...]) -> str:
    """The home folder of a numeric user, `/` if unknown."""
    return next((folder for _, uid, _, folder in _accounts(image, layers) if uid == user), "/")
