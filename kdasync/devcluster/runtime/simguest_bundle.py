"""A bundle as the guest model reads it: the inverse of `guest/bundle.py`'s tar."""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Mapping

import msgspec


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that the model looks at; `provenance` is cluster UID, role, node id, digest."""

    run: str
    event: str
    attempt: int
    commit: int
    container: str
    args: tuple[str, ...]
    provenance: tuple[str, str, str, str]
    tail: int
    beat: float
    flags: frozenset[str]
    configmeta: bytes | None

    def flag(self, name: str) -> bool:
        """Whether the order has that flag, e.g. `SETUP`."""
        return name in self.flags


def read_bundle(data: bytes) -> Bundle | None:
    """The bundle, or None if it did not arrive whole."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            files = {member.name: _content(archive, member) for member in archive if "/" not in member.name}
    except tarfile.TarError:
        return None
    if "end" not in files:
        return None
    return _bundle(files)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _bundle(files: Mapping[str, bytes]) -> Bundle:
    pairs = (word.partition("=") for word in shlex.split(files["order"].decode()))
    values = {name.removeprefix("KD_"): value for name, _, value in pairs}
    event, _, attempt = values["RUN"].rpartition(".")
    return Bundle(
        run=values["RUN"],
        event=event,
        attempt=int(attempt),
        commit=int(values["COMMIT"]),
        container=values["CONTAINER"],
        args=tuple(shlex.split(values["ARGS"])),
        provenance=(values["CLUSTER"], values["ROLE"], values["NODE"], values["DIGEST"]),
        tail=int(values["TAIL"]),
        beat=float(values["BEAT"]),
        flags=frozenset(name for name, value in values.items() if value == "1"),
        configmeta=files.get("configmeta"),
    )
