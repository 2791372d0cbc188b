"""An order as the bytes that one exec carries: a tar, or a shell script for guests without tar.

Why: an exec costs more than everything else, so everything a guest needs for an order goes in at once, with the program that does it.

Layout of the stage: `order` (shell assignments), `inject` (calls for file injections), `configmeta`, `package/`, `configcli/`, `stub`,
`launcher.sh`, and last the empty file `end`, without which the guest does nothing.

Assumptions about the guest: `sh`, /proc, and the utilities that `launcher.sh` names; `tar` saves a factor of two to four in size.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from shlex import quote

from kdasync.errors import DefinitionError
from kdasync.guest.order import Injection, Order, Package, PackageFile

BEAT = 10  # seconds between heartbeats: several within any idle time-out of a proxy
_EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_MODE = re.compile(r"[0-7]{1,4}\Z")
_LINE = 8192  # octal text a printf: well below what any shell takes as one word
_PLAIN = frozenset(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !"#$&()*+,-./:;<=>?@[]^_`{|}~\t')
_OCTAL = tuple("%%" if byte == ord("%") else chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in range(256))


class Encoding(StrEnum):
    """How a bundle is written."""

    TAR = "tar"
    SCRIPT = "sh"


@cache
def _data(name: str) -> bytes:
    return files("kdasync.guest").joinpath(name).read_bytes()


def command(encoding: Encoding, *, root: str = "") -> tuple[str, ...]:
    """The command of the exec; `root` is put before every path that the guest's half touches (tests)."""
    return ("sh", "-c", _data("boot.sh").decode(), "kdasync", encoding.value, root)


def pack(order: Order, encoding: Encoding, *, beat: float = BEAT) -> bytes:
    """The bundle of `order`, for stdin of `command(encoding)`.

    Raises:
        DefinitionError: a value cannot be given to a shell, or is no valid mode or event.
    """
    staged = tuple(stage(order, beat=beat))
    return _tar(staged) if encoding is Encoding.TAR else _script(staged)


def stage(order: Order, *, beat: float = BEAT) -> Iterator[PackageFile]:
    """The files of a bundle, in order; the last is `end`."""
    yield PackageFile("order", 0o600, _assignments(order, beat).encode())
    if order.injections:
        yield PackageFile("inject", 0o600, "".join(map(_inject, order.injections)).encode())
    if order.configmeta is not None:
        yield PackageFile("configmeta", 0o600, order.configmeta)
    if order.package is not None:
        yield from _package(order.package)
    if order.configcli:
        yield from _helper()
    yield PackageFile("launcher.sh", 0o700, _data("launcher.sh"))
    yield PackageFile("end", 0o600)


def _package(package: Package) -> Iterator[PackageFile]:
    yield PackageFile("package", 0o700, directory=True)
    for file in package.files:
        yield PackageFile(f"package/{file.path}", file.mode, file.data, file.link, file.directory)


@cache
def _helper() -> tuple[PackageFile, ...]:
    folder = files("kdasync.guest").joinpath("configcli")
    sources = sorted(source.name for source in folder.iterdir() if source.name.endswith(".py"))
    modules = tuple(PackageFile(f"configcli/{name}", 0o644, folder.joinpath(name).read_bytes()) for name in sources)
    return (PackageFile("configcli", 0o755, directory=True), *modules, PackageFile("stub", 0o755, _data("configcli/stub.sh")))


def _checked(field: str, value: str) -> str:
    if "\0" in value:
        raise DefinitionError("has a NUL byte.", field=field, remedy="Remove it.")
    return value


def _flag(value: object) -> str:
    return "1" if value else "0"


def _assignments(order: Order, beat: float) -> str:
    if not _EVENT.match(order.event):
        raise DefinitionError(f"{order.event!r} is no event.", field="event", remedy="Use letters, digits, - and _.")
    owner = order.provenance
    values = {
        "RUN": f"{order.event}.{order.attempt}",
        "COMMIT": str(order.commit),
        "CONTAINER": order.container,
        "CLUSTER": owner.cluster_uid,
        "ROLE": owner.role,
        "NODE": str(owner.node_id),
        "DIGEST": owner.digest,
        "ARGS": " ".join(quote(argument) for argument in order.args),
        "PACKAGE_PATH": order.package_path.removeprefix("file://"),
        "INJECT": _flag(order.injections),
        "CONFIGCLI": _flag(order.configcli),
        "NEW_LAYOUT": _flag(order.new_layout),
        "SYSTEMD": _flag(order.systemd),
        "SETUP": _flag(order.setup),
        "PROBE": _flag(order.probe),
        "TRUST": _flag(order.trust_unmarked),
        "STOP": _flag(order.stop),
        "TAIL": str(_tail_bytes(order)),
        "BEAT": f"{beat:g}",
    }
    return "".join(f"KD_{name}={quote(_checked(name.lower(), value))}\n" for name, value in values.items())


def _tail_bytes(order: Order) -> int:
    """Enough for `tail` + 1 characters of UTF-8 and to see that there was more."""
    return order.tail * 4 + 5 if order.tail > 0 else 0


def _inject(injection: Injection) -> str:
    if injection.mode and not _MODE.match(injection.mode):
        raise DefinitionError(
            f"{injection.mode!r} is no mode.", field="fileInjections.permissions.fileMode", remedy="Use 0 to 4095."
        )
    words = (injection.url, injection.directory, injection.mode, injection.owner, injection.group)
    return "inject_one " + " ".join(quote(_checked("fileInjections", word)) for word in words) + "\n"


def _tar(staged: tuple[PackageFile, ...]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for file in staged:
            archive.addfile(_member(file), io.BytesIO(file.data))
    return buffer.getvalue()


def _member(file: PackageFile) -> tarfile.TarInfo:
    info = tarfile.TarInfo(file.path)
    info.mode = file.mode
    if file.directory:
        info.type = tarfile.DIRTYPE
    elif file.link:
        info.type, info.linkname = tarfile.SYMTYPE, file.link
    else:
        info.size = len(file.data)
    return info


def _script(staged: tuple[PackageFile, ...]) -> bytes:
    """One function, called on the last line: cut anywhere, it does nothing. Directory modes come last, deepest first."""
    body = [line for file in staged for line in _unpack(file)]
    modes = [_chmod(file) for file in reversed(staged) if file.directory]
    return "\n".join(("kd_unpack() {", *body[:-1], *modes, body[-1], "}", "kd_unpack", "")).encode()


def _unpack(file: PackageFile) -> Iterator[str]:
    path = _path(file)
    if file.directory:
        yield f"t mkdir -p {path}"
    elif file.link:
        yield f"t ln -s {quote(_checked('package', file.link))} {path}"
    else:
        yield f"( LC_ALL=C; {_printf(file.data)}) 2>/dev/null >{path} || f GuestWriteFailed {path}': No space left on device'"
        if file.mode != 0o600:  # noqa: PLR2004 - what umask 077 makes
            yield _chmod(file)


def _path(file: PackageFile) -> str:
    return f'"$d"/{quote(_checked("package", file.path))}'


def _chmod(file: PackageFile) -> str:
    return f"t chmod {file.mode:o} {_path(file)}"


def _printf(data: bytes) -> str:
    pieces = [data[start : start + _LINE] for start in range(0, len(data), _LINE)] or [b""]
    return " && ".join(f"printf '{_escaped(piece)}'" for piece in pieces) + "; "


def _escaped(piece: bytes) -> str:
    return "".join(_OCTAL[byte] for byte in piece)
