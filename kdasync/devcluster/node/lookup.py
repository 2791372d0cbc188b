"""What a pod refers to: claims, secrets, config maps, tokens. The seam by which the node's pure parts see the API server."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from kdasync.devcluster.node.refusal import Refusal

Document = dict[str, Any]


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """Objects of one pod's namespace by name, and the node's facts.

    Attributes:
        token: a token of the pod's service account, empty if it projects none.
        pod_ip, host_ip: addresses, empty until known.
    """

    claims: Mapping[str, Document] = {}
    secrets: Mapping[str, Document] = {}
    config_maps: Mapping[str, Document] = {}
    token: str = ""
    pod_ip: str = ""
    host_ip: str = ""

    def secret(self, name: str, *, optional: bool) -> dict[str, bytes]:
        """Content of a Secret, empty if it is optional and missing.

        Raises:
            Refusal: it is missing.
        """
        found = self.secrets.get(name)
        if found is None:
            return _missing("secret", name, optional=optional)
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}

    def config_map(self, name: str, *, optional: bool) -> dict[str, bytes]:
        """Content of a ConfigMap, empty if it is optional and missing.

        Raises:
            Refusal: it is missing.
        """
        found = self.config_maps.get(name)
        if found is None:
            return _missing("configmap", name, optional=optional)
        binary = {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
        return {**{key: value.encode() for key, value in (found.get("data") or {}).items()}, **binary}


def _missing(kind: str, name: str, *, optional: bool) -> dict[str, bytes]:
    if optional:
        return {}
    raise Refusal("CreateContainerConfigError", f'{kind} "{name}" not found')


def field_of(pod: Document, path: str, lookup: Lookup) -> str:
    """A downward API field. Source: core/v1 ObjectFieldSelector.

    Raises:
        Refusal: no such field.
    """
    meta, spec = pod["metadata"], pod["spec"]
    account = spec.get("serviceAccountName") or "default"
    plain = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta.get("namespace", ""),
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": account,
        "status.podIP": lookup.pod_ip,
        "status.podIPs": lookup.pod_ip,
        "status.hostIP": lookup.host_ip,
    }
    if path in plain:
        return str(plain[path])
    head, _, key = path.partition("['")
    if head not in {"metadata.labels", "metadata.annotations"}:
        raise Refusal("CreateContainerConfigError", f"unsupported field path {path}")
    values = meta.get(head.removeprefix("metadata.")) or {}
    if key:
        return str(values.get(key.removesuffix("']"), ""))
    return "\n".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in sorted(values.items()))
