"""The Kubernetes protobuf envelope, as far as kubectl's `create` commands need it.

Why: kubectl encodes what it makes itself (namespaces, config maps, secrets, service accounts) as protobuf, whatever the server
prefers; everything else it sends as JSON. Source: apimachinery `runtime/serializer/protobuf` and the `generated.proto` files.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from kdasync.devcluster.status import Failure, bad_request

Json = dict[str, Any]

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SEVEN, _CONTINUES = 7, 0x80

# message -> field number -> (JSON name, type); a type is a scalar, a message, or "map:<scalar>"
_MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
        "ObjectMeta": {
            1: ("name", "string"),
            2: ("generateName", "string"),
            3: ("namespace", "string"),
            5: ("uid", "string"),
            6: ("resourceVersion", "string"),
            11: ("labels", "map:string"),
            12: ("annotations", "map:string"),
            14: ("finalizers", "list:string"),
        },
        "Namespace": {1: ("metadata", "ObjectMeta")},
        "ServiceAccount": {1: ("metadata", "ObjectMeta"), 4: ("automountServiceAccountToken", "bool")},
        "ConfigMap": {
            1: ("metadata", "ObjectMeta"),
            2: ("data", "map:string"),
            3: ("binaryData", "map:bytes"),
            4: ("immutable", "bool"),
        },
        "Secret": {
            1: ("metadata", "ObjectMeta"),
            2: ("data", "map:bytes"),
            3: ("type", "string"),
            4: ("stringData", "map:string"),
            5: ("immutable", "bool"),
        },
        "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec")},
        "ScaleSpec": {1: ("replicas", "int")},
        "TokenRequest": {1: ("metadata", "ObjectMeta"), 2: ("spec", "TokenRequestSpec")},
        "TokenRequestSpec": {1: ("audiences", "list:string"), 4: ("expirationSeconds", "int")},
        "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
        "DeleteOptions": {
            1: ("gracePeriodSeconds", "int"),
            2: ("preconditions", "Preconditions"),
            4: ("propagationPolicy", "string"),
            5: ("dryRun", "list:string"),
        },
        "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
    }
)


def decode(body: bytes) -> Json:
    """The object in a protobuf body.

    Raises:
        Failure: 400 malformed, 415 a kind whose encoding devcluster does not know.
    """
    try:
        return _decode(body)
    except (IndexError, UnicodeDecodeError) as error:
        raise bad_request(f"the protobuf body is malformed: {error}") from error


def _decode(body: bytes) -> Json:
    if not body.startswith(_MAGIC):
        raise bad_request("the protobuf body does not start with the Kubernetes prefix")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    kind = _message("TypeMeta", _as_bytes(envelope.get(1, b"")))
    if kind.get("kind") not in _MESSAGES:
        text = f"devcluster does not read {kind.get('kind')} as protobuf: send it as JSON, for example with kubectl apply"
        raise Failure(415, "UnsupportedMediaType", text)
    return {**kind, **_message(kind["kind"], _as_bytes(envelope.get(2, b"")))}


def _as_bytes(value: bytes | int) -> bytes:
    if isinstance(value, int):
        raise IndexError("a message was expected")
    return value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & ~_CONTINUES) << shift
        shift += _SEVEN
        if not byte & _CONTINUES:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
            if kind == _BYTES:
                size, at = _varint(data, at)
            if size < 0 or at + size > len(data):
                raise IndexError("a field is cut off")
            yield number, data[at : at + size]
            at += size


def _message(name: str, data: bytes) -> Json:
    known = _MESSAGES[name]
    found: Json = {}
    for number, value in _fields(data):
        if number not in known:
            continue
        key, kind = known[number]
        outer, _, inner = kind.rpartition(":")
        if outer == "map":
            pair = dict(_fields(_as_bytes(value)))
            found.setdefault(key, {})[_as_bytes(pair.get(1, b"")).decode()] = _value(inner, pair.get(2, b""))
        elif outer == "list":
            found.setdefault(key, []).append(_value(inner, value))
        else:
            found[key] = _value(kind, value)
    return {key: item for key, item in found.items() if item not in ("", {})}


def _value(kind: str, value: bytes | int) -> Any:
    if isinstance(value, int):
        return bool(value) if kind == "bool" else value
    if kind == "string":
        return value.decode()
    return base64.b64encode(value).decode() if kind == "bytes" else _message(kind, value)
