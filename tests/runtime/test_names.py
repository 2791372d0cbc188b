"""DNS answers, byte by byte."""

import struct

import pytest

from kdasync.devcluster.runtime.process.names import Names

A, AAAA, PTR = 1, 28, 12


@pytest.fixture
def names() -> Names:
    made = Names()
    made.publish({"a-0.s.n.svc.cluster.local": ("10.244.0.2",), "s.n.svc.cluster.local": ("10.244.0.2", "10.244.0.3")})
    return made


def _query(name: str, kind: int, *, questions: int = 1) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", 7, 0x0100, questions, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def _head(reply: bytes) -> tuple[int, int, int]:
    """(identity, response code, number of answers)."""
    identity, flags, _, answers, *_ = struct.unpack_from(">HHHHHH", reply)
    return identity, flags & 15, answers


def test_addresses_whatever_the_case(names: Names) -> None:
    reply = names.answer(_query("S.n.svc.Cluster.local", A))
    assert _head(reply) == (7, 0, 2)
    assert reply.endswith(bytes((10, 244, 0, 3)))


def test_a_name_has_no_ipv6_but_exists(names: Names) -> None:
    assert _head(names.answer(_query("s.n.svc.cluster.local", AAAA))) == (7, 0, 0)


@pytest.mark.parametrize("kind", [A, AAAA])
def test_an_unknown_name_does_not_exist(names: Names, kind: int) -> None:
    assert _head(names.answer(_query("example.org", kind))) == (7, 3, 0)


def test_an_address_has_the_pods_own_name(names: Names) -> None:
    reply = names.answer(_query("2.0.244.10.in-addr.arpa", PTR))
    assert _head(reply) == (7, 0, 1)
    assert b"\x03a-0\x01s" in reply


def test_what_is_too_long_is_asked_again_over_tcp(names: Names) -> None:
    names.publish({"s": tuple(f"10.0.0.{last}" for last in range(1, 100))})
    short, whole = names.answer(_query("s", A)), names.answer(_query("s", A), limit=65535)
    assert _head(short)[2] == 0
    assert short[2] & 2  # truncated
    assert _head(whole) == (7, 0, 99)


def test_nonsense_is_a_format_error(names: Names) -> None:
    whole = _query("s.n.svc.cluster.local", A)
    for query in (
        whole[:20],
        whole[:12] + b"\xc0\x0c\0\1\0\1",
        _query("s", A, questions=2),
        whole[:12] + b"\x03\xff\xff\xff\0\0\1\0\1",
    ):
        assert _head(names.answer(query)) == (7, 1, 0)


def test_statistics(names: Names) -> None:
    assert names.statistics() == {"forward": 2, "reverse": 2}
