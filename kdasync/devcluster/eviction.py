"""The eviction subresource of pods: a delete that asks disruption budgets first. Source: kubernetes `pkg/registry/core/pod/storage/eviction.go`."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster import delete, objects
from kdasync.devcluster.plane import Call
from kdasync.devcluster.query import dig
from kdasync.devcluster.status import Failure, bad_request, not_found
from kdasync.kube.transport import Request

Json = dict[str, Any]

_BUDGETS = "policy/poddisruptionbudgets"


async def evict(call: Call) -> Json:
    """A Status of success.

    Raises:
        Failure: 429 while a budget allows no disruption.
    """
    body = objects.parse(call)
    if not isinstance(body, dict):
        raise bad_request("the body is not an Eviction")
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    _ask_budgets(call, entry.object)
    wanted = body.get("deleteOptions") or {}
    request = Request("DELETE", call.request.path, call.request.query, {}, msgspec.json.encode(wanted))
    await delete.delete(msgspec.structs.replace(call, request=request, subresource="", headers={}))
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _ask_budgets(call: Call, pod: Json) -> None:
    labels = pod["metadata"].get("labels") or {}
    for entry in call.storage.list(_BUDGETS, call.namespace):
        wanted = dig(entry.object, "spec.selector.matchLabels") or {}
        if not wanted or any(labels.get(key) != item for key, item in wanted.items()):
            continue
        if int(dig(entry.object, "status.disruptionsAllowed") or 0) <= 0:
            name = entry.object["metadata"]["name"]
            text = f"The disruption budget {name} needs {dig(entry.object, 'status.desiredHealthy') or 0} healthy pods and has "
            text += f"{dig(entry.object, 'status.currentHealthy') or 0} currently"
            causes = [{"reason": "DisruptionBudget", "message": text}]
            raise Failure(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                details={"causes": causes},
            )
