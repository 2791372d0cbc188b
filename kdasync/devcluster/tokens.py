"""The token subresource of service accounts: a bearer token for a pod or a person."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import objects
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import bad_request, not_found

Json = dict[str, Any]

HOUR = 3600


def issue(call: Call) -> Json:
    """A TokenRequest with its status."""
    body = objects.parse(call)
    if not isinstance(body, dict):
        raise bad_request("the body is not a TokenRequest")
    if call.stored() is None:
        raise not_found(call.resource, call.name)
    spec = {"expirationSeconds": HOUR, "audiences": ["https://kubernetes.default.svc"], **(body.get("spec") or {})}
    token = call.plane.environment.uid().replace("-", "") + call.plane.environment.suffix(16)
    if call.plane.tokens:
        call.plane.tokens[token] = f"system:serviceaccount:{call.namespace}:{call.name}"
    expires = call.plane.environment.timestamp(after=int(spec["expirationSeconds"]))
    meta = {"name": call.name, "namespace": call.namespace, "creationTimestamp": call.plane.environment.timestamp()}
    status = {"token": token, "expirationTimestamp": expires}
    return {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta, "spec": spec, "status": status}
