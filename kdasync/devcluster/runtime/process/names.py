"""The DNS answers of the pod network: a pure function from a query's bytes to a reply's bytes.

Published names have A records (and PTR for the way back); AAAA and other types of a published name are empty; everything else does
not exist, at once, because the pods have no way out and a time-out would make every script slow. Source: RFC 1035, RFC 2308.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping

_HEADER = struct.Struct(">HHHHHH")
_A, _PTR, _IN = 1, 12, 1
_TTL = 1  # seconds: members come and go
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION = 0x8000, 0x0400, 0x0200, 0x0180
_NOERROR, _FORMAT_ERROR, _NO_SUCH_NAME = 0, 1, 3
_POINTER = 0xC00C  # to the name in the question
UDP_LIMIT = 512


class Names:
    """What is published now: forward and reverse."""

    def __init__(self) -> None:
        self._forward: dict[str, tuple[str, ...]] = {}
        self._reverse: dict[str, str] = {}

    def publish(self, names: Mapping[str, tuple[str, ...]]) -> None:
        """Replace everything. A reverse name is the longest forward name with that address: the pod's own, not the service's."""
        self._forward = {name.rstrip(".").lower(): addresses for name, addresses in names.items()}
        self._reverse = {}
        for name, addresses in sorted(self._forward.items(), key=lambda item: len(item[0])):
            for address in addresses:
                self._reverse[ipaddress.ip_address(address).reverse_pointer] = name

    def statistics(self) -> dict[str, int]:
        """Number of forward and reverse names."""
        return {"forward": len(self._forward), "reverse": len(self._reverse)}

    def answer(self, query: bytes, *, limit: int = UDP_LIMIT) -> bytes:
        """The reply to one query; too long for `limit` bytes means none of the answers and the truncated bit (ask over TCP)."""
        identity, flags, questions, *_ = _HEADER.unpack_from(query)
        base = _RESPONSE | _AUTHORITATIVE | (flags & 0x7900) | (_RECURSION if flags & 0x0100 else 0)
        try:
            name, end = _question(query, questions)
        except (ValueError, IndexError, struct.error):
            return _HEADER.pack(identity, base | _FORMAT_ERROR, 0, 0, 0, 0)
        kind = struct.unpack_from(">H", query, end - 4)[0]
        records = self._records(name, kind)
        code = _NOERROR if name in self._forward or name in self._reverse else _NO_SUCH_NAME
        body = b"".join(records)
        if _HEADER.size + (end - _HEADER.size) + len(body) > limit:
            return _HEADER.pack(identity, base | _TRUNCATED, 1, 0, 0, 0) + query[_HEADER.size : end]
        return _HEADER.pack(identity, base | code, 1, len(records), 0, 0) + query[_HEADER.size : end] + body

    def _records(self, name: str, kind: int) -> list[bytes]:
        if kind == _A:
            return [_record(_A, ipaddress.IPv4Address(address).packed) for address in self._forward.get(name, ())]
        if kind == _PTR and name in self._reverse:
            labels = self._reverse[name].split(".")
            return [_record(_PTR, b"".join(bytes((len(label),)) + label.encode() for label in labels) + b"\0")]
        return []


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack(">HHHIH", _POINTER, kind, _IN, _TTL, len(data)) + data


def _question(query: bytes, count: int) -> tuple[str, int]:
    """The one question's name in lower case, and where the question ends. Raises ValueError or IndexError for anything else."""
    if count != 1:
        raise ValueError("one question, please")
    labels: list[str] = []
    at = _HEADER.size
    while size := query[at]:
        if size > 63:  # noqa: PLR2004 - RFC 1035's longest label
            raise ValueError("no pointers in a question")
        labels.append(query[at + 1 : at + 1 + size].decode("ascii").lower())
        at += 1 + size
    end = at + 5
    if end > len(query):
        raise ValueError("cut short")
    return ".".join(labels), end
