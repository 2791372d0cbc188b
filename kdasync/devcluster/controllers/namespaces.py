"""The namespace controller's decision: a default service account for a living one, an empty room for a dying one. Pure.

Source: core/v1 Namespace; a namespace goes once its spec has no finalizers, which is when nothing is left in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from kdasync.devcluster.controllers.calls import NAMESPACE, SERVICE_ACCOUNT, Call, Create, Document, deleting, key_of
from kdasync.devcluster.controllers.calls import delete as delete_call
from kdasync.devcluster.controllers.garbage import Item


def decide(namespace: Document, *, accounts: Sequence[str], content: Sequence[Item]) -> list[Call]:
    """`accounts` are the names of its service accounts, `content` everything in it."""
    if deleting(namespace):
        return [delete_call(item.kind, item.document, propagation="Background") for item in content if not deleting(item.document)]
    if "default" in accounts:
        return []
    account = {"apiVersion": "v1", "kind": SERVICE_ACCOUNT.kind, "metadata": {"name": "default", "namespace": key_of(namespace)[1]}}
    return [Create(SERVICE_ACCOUNT, account)]


def finished(namespace: Document, content: Sequence[Item]) -> Document | None:
    """The body for `/finalize` once nothing is left, else None."""
    if content or not deleting(namespace) or not namespace["spec"].get("finalizers"):
        return None
    return {**namespace, "apiVersion": NAMESPACE.api_version, "kind": NAMESPACE.kind, "spec": {"finalizers": []}}
