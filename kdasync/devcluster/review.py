"""admission.k8s.io/v1 AdmissionReview: what is asked, and what an answer means."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from kdasync.devcluster import jsonpatch
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Failure, bad_request
from kdasync.devcluster.views import present

Json = dict[str, Any]

_REFUSED = 400
_OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


def request(call: Call, operation: str, *, value: Json | None, old: Json | None) -> Json:
    """The review of one write."""
    resource = call.resource
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    plural = {"group": resource.group, "version": resource.version, "resource": resource.plural}
    shown = value or old or {}
    body: Json = {
        "uid": call.plane.environment.uid(),
        "kind": kind,
        "resource": plural,
        "requestKind": kind,
        "requestResource": plural,
        "name": shown.get("metadata", {}).get("name", call.name),
        "operation": operation,
        "userInfo": {"username": call.user, "groups": ["system:masters", "system:authenticated"]},
        "object": None if value is None else present(resource, value),
        "oldObject": None if old is None else present(resource, old),
        "dryRun": call.dry_run,
        "options": {
            "kind": _OPTIONS[operation],
            "apiVersion": "meta.k8s.io/v1",
            **({"dryRun": ["All"]} if call.dry_run else {}),
        },
    }
    if call.namespace:
        body["namespace"] = call.namespace
    if call.subresource:
        body |= {"subResource": call.subresource, "requestSubResource": call.subresource}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": body}


def answered(hook: Json, asked: Json, *, body: bytes) -> Json:
    """The response part of an answer.

    Raises:
        ValueError: it is no answer to this review.
    """
    try:
        answer = msgspec.json.decode(body, type=Json)
    except msgspec.MsgspecError as error:
        raise ValueError(f"expected webhook response of AdmissionReview: {error}") from error
    response = answer.get("response")
    if not isinstance(response, dict) or response.get("uid") != asked["request"]["uid"]:
        raise ValueError(f"webhook {hook['name']} did not answer this review")
    return response


def denied(hook: Json, response: Json) -> Failure:
    """The refusal that the client sees."""
    status = response.get("status") or {}
    by = f'admission webhook "{hook["name"]}" denied the request'
    if status.get("message"):
        text = f"{by}: {status['message']}"
    elif status.get("reason"):
        text = f"{by}: {status['reason']}"
    else:
        text = f"{by} without explanation"
    code = int(status.get("code") or 0)
    details = status.get("details")
    return Failure(max(code, _REFUSED), str(status.get("reason") or ""), text, details=details)


def patched(hook: Json, response: Json, *, value: Json) -> Json:
    """`value` with the JSON patch of a mutating webhook."""
    patch = response.get("patch")
    if not patch:
        return value
    try:
        operations = jsonpatch.operations(msgspec.json.decode(base64.b64decode(patch)))
        copy = msgspec.json.decode(msgspec.json.encode(value))
        result: Json = jsonpatch.apply(copy, operations)
    except Failure as failure:
        raise Failure(500, "InternalError", f"Internal error occurred: the patch of webhook {hook['name']}: {failure}") from failure
    except (ValueError, msgspec.MsgspecError) as error:
        raise bad_request(f"the patch of webhook {hook['name']} is malformed: {error}") from error
    return result
