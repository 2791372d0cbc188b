"""Admission webhooks: mutating ones in order, each seeing what the one before made; then validating ones.

Flow: select, ask (a handler of this process, an address of a service's endpoints, or a URL), apply or refuse.
Guarantees: `failurePolicy` decides about a webhook that does not answer within `timeoutSeconds`; with dryRun a webhook with side
effects is not called but refused. Source: apiserver `admission/plugin/webhook`.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec

from kdasync.devcluster import review, selection
from kdasync.devcluster.decoding import decode_object
from kdasync.devcluster.hooks import HookError, ask_handler, ask_url
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Failure, bad_request
from kdasync.kube.transport import Request

Json = dict[str, Any]

MUTATING = "admissionregistration.k8s.io/mutatingwebhookconfigurations"
VALIDATING = "admissionregistration.k8s.io/validatingwebhookconfigurations"
_HARMLESS = frozenset({"None", "NoneOnDryRun"})


async def mutate(call: Call, value: Json, *, old: Json | None) -> Json:
    """The object as the mutating webhooks leave it.

    Raises:
        Failure: one refused or failed.
    """
    operation = "CREATE" if old is None else "UPDATE"
    for hook in selection.hooks(call, MUTATING, operation=operation, value=value, old=old):
        asked = review.request(call, operation, value=value, old=old)
        response = await _ask(call, hook, asked)
        if response is None:
            continue
        changed = review.patched(hook, response, value=value)
        if changed is not value:
            decode_object(msgspec.structs.replace(call, warnings=[]), changed)  # a webhook's fields are no client's mistakes
            value = changed
    return value


async def validate(call: Call, value: Json | None, *, old: Json | None) -> None:
    """Let all validating webhooks see the final object (None: a delete).

    Raises:
        Failure: one refused or failed.
    """
    operation = "DELETE" if value is None else "CREATE" if old is None else "UPDATE"
    for hook in selection.hooks(call, VALIDATING, operation=operation, value=value, old=old):
        await _ask(call, hook, review.request(call, operation, value=value, old=old))


async def _ask(call: Call, hook: Json, asked: Json) -> Json | None:
    """The response of a webhook that allows; None if it failed and may be ignored."""
    name = hook["name"]
    if call.dry_run and hook.get("sideEffects") not in _HARMLESS:
        raise bad_request(f'admission webhook "{name}" does not support dry run')
    try:
        async with asyncio.timeout(float(hook.get("timeoutSeconds") or 10)):
            body = await _send(call, hook, msgspec.json.encode(asked))
        response = review.answered(hook, asked, body=body)
    except (HookError, TimeoutError, ValueError) as error:
        if hook.get("failurePolicy") == "Ignore":
            return None
        cause = "context deadline exceeded" if isinstance(error, TimeoutError) else str(error)
        text = f'failed calling webhook "{name}": failed to call webhook: {cause}'
        raise Failure(500, "InternalError", f"Internal error occurred: {text}", details={"causes": [{"message": text}]}) from error
    call.warnings.extend(response.get("warnings") or ())
    if not response.get("allowed"):
        raise review.denied(hook, response)
    return response


async def _send(call: Call, hook: Json, body: bytes) -> bytes:
    config = hook["clientConfig"]
    authority = base64.b64decode(config.get("caBundle") or "")
    if config.get("url"):
        return await ask_url(str(config["url"]), body, authority=authority)
    service = config["service"]
    space, name, path = service["namespace"], service["name"], service.get("path") or "/"
    handler = call.plane.services.get((space, name))
    if handler is not None:
        return await ask_handler(handler, Request("POST", path, (("timeout", "10s"),), {"content-type": "application/json"}, body))
    address = _endpoint(call, space, name)
    return await ask_url(f"https://{address}{path}", body, authority=authority, server_name=f"{name}.{space}.svc")


def _endpoint(call: Call, space: str, name: str) -> str:
    entry = call.storage.get("/endpoints", space, name)
    for subset in (entry.object.get("subsets") or ()) if entry else ():
        for address in subset.get("addresses") or ():
            return f"{address['ip']}:{subset['ports'][0]['port']}"
    raise HookError(f'no endpoints available for service "{name}"')
