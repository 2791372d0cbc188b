"""Bridge, veth pairs, addresses and routes over rtnetlink: the four messages that a pod network needs.

Why not pyroute2: it is 2 MB for what fits here, and it would be the only dependency that an installed operator does not use.
Source: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct

_NEWLINK, _NEWADDR, _NEWROUTE = 16, 20, 24
_ERROR = 2
_REQUEST, _ACK, _CREATE, _EXCL = 1, 4, 0x400, 0x200
_IFLA_IFNAME, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 10, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_GATEWAY = 5
_UP = 1
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")


def _attribute(kind: int, payload: bytes) -> bytes:
    size = 4 + len(payload)
    return struct.pack("=HH", size, kind) + payload + bytes(-size % 4)


def _name(text: str) -> bytes:
    return _attribute(_IFLA_IFNAME, text.encode() + b"\0")


def _call(message: int, body: bytes, *, flags: int = 0) -> None:
    """Send one request in the caller's network namespace and wait for its acknowledgement.

    Raises:
        OSError: what the kernel answered.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as link:
        link.bind((0, 0))
        link.send(_HEADER.pack(_HEADER.size + len(body), message, _REQUEST | _ACK | flags, 1, 0) + body)
        answer = link.recv(65536)
    number = -struct.unpack_from("=i", answer, _HEADER.size)[0] if _HEADER.unpack_from(answer)[1] == _ERROR else 0
    if number:
        raise OSError(number, f"netlink: {os.strerror(number)}")


def _info(kind: str, data: bytes = b"") -> bytes:
    nested = _attribute(_INFO_KIND, kind.encode()) + (_attribute(_INFO_DATA, data) if data else b"")
    return _attribute(_IFLA_LINKINFO, nested)


def add_bridge(name: str) -> None:
    """Create a bridge device and switch it on."""
    body = _LINK.pack(socket.AF_UNSPEC, 0, 0, _UP, _UP) + _name(name) + _info("bridge")
    _call(_NEWLINK, body, flags=_CREATE | _EXCL)


def add_veth(name: str, *, bridge: str, peer: str, namespace: int) -> None:
    """Create a pair: `name` here, attached to `bridge` and on; `peer` in the network namespace of descriptor `namespace`."""
    other = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0) + _name(peer) + _attribute(_IFLA_NET_NS_FD, struct.pack("=I", namespace))
    master = _attribute(_IFLA_MASTER, struct.pack("=I", socket.if_nametoindex(bridge)))
    body = _LINK.pack(socket.AF_UNSPEC, 0, 0, _UP, _UP) + _name(name) + master + _info("veth", _attribute(_VETH_PEER, other))
    _call(_NEWLINK, body, flags=_CREATE | _EXCL)


def link_up(name: str) -> None:
    """Switch a device on."""
    _call(_NEWLINK, _LINK.pack(socket.AF_UNSPEC, 0, socket.if_nametoindex(name), _UP, _UP))


def add_address(name: str, address: ipaddress.IPv4Interface) -> None:
    """Give a device an address with its prefix length."""
    body = struct.pack("=BBBBI", socket.AF_INET, address.network.prefixlen, 0, 0, socket.if_nametoindex(name))
    packed = address.ip.packed
    _call(_NEWADDR, body + _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed), flags=_CREATE | _EXCL)


def add_default_route(gateway: ipaddress.IPv4Address) -> None:
    """Send everything else to `gateway`: table main, protocol boot, scope universe, unicast."""
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 3, 0, 1, 0)
    _call(_NEWROUTE, body + _attribute(_RTA_GATEWAY, gateway.packed), flags=_CREATE | _EXCL)
