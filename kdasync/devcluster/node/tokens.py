"""Service account tokens for the pods that mount one. Source: authentication.k8s.io/v1 TokenRequest."""

from __future__ import annotations

from kdasync.devcluster.controllers.calls import SERVICE_ACCOUNT, Document, path_of
from kdasync.devcluster.controllers.wire import Wire
from kdasync.devcluster.node.refusal import Refusal
from kdasync.errors import ApiError, TransportError


def projects_token(pod: Document) -> bool:
    """A volume of the pod carries a token."""
    parts = [part for volume in pod["spec"].get("volumes") or () for part in (volume.get("projected") or {}).get("sources") or ()]
    return any("serviceAccountToken" in part for part in parts)


async def token_for(pod: Document, wire: Wire) -> str:
    """A fresh token of the pod's account, empty if it mounts none.

    Raises:
        Refusal: the API server gave none.
    """
    if not projects_token(pod):
        return ""
    account = pod["spec"].get("serviceAccountName") or "default"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
    try:
        answer = await wire.send("POST", path_of(SERVICE_ACCOUNT, pod["metadata"]["namespace"], account, "token"), request)
    except (ApiError, TransportError) as error:
        raise Refusal("CreateContainerConfigError", f"no token for service account {account}: {error}") from error
    return str(answer["status"]["token"])
