"""What kubectl create sends as protobuf is read; what devcluster does not know is refused with a way out."""

from __future__ import annotations

from typing import Any

import pytest

MEDIA = "application/vnd.kubernetes.protobuf"
MAPS = "/api/v1/namespaces/default/configmaps"


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def envelope(kind: str, body: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, b"v1") + field(2, kind.encode())) + field(2, body)


async def test_a_config_map(api: Any) -> None:
    meta = field(1, b"a") + field(11, field(1, b"l") + field(2, b"x"))
    body = field(1, meta) + field(2, field(1, b"k") + field(2, b"v")) + bytes([4 << 3, 1])
    made = await api.made(MAPS, envelope("ConfigMap", body), kind=MEDIA)
    assert (made["metadata"]["name"], made["metadata"]["labels"]) == ("a", {"l": "x"})
    assert (made["data"], made["immutable"]) == ({"k": "v"}, True)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (envelope("Job", b""), 415, "devcluster does not read Job as protobuf: send it as JSON"),
        (b"nonsense", 400, "does not start with the Kubernetes prefix"),
        (envelope("ConfigMap", b"\x0a\x7f"), 400, "the protobuf body is malformed"),
    ],
)
async def test_refusals(api: Any, body: bytes, status: int, message: str) -> None:
    answer = await api("POST", MAPS, body, kind=MEDIA)
    assert answer.status == status
    assert message in answer.message
