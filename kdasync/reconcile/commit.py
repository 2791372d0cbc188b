"""The one write of a cluster's status: a JSON patch fenced by KubeDirector's own generationUID.

Flow: `test` of the generationUID that the writer believes to be stored, then the new document, then the answer is the new truth.

Guarantees: a stale writer (another leader, a lost update) changes nothing and learns it (`StaleMemory`); a user's edit of the spec is
no conflict; an answer that was lost is cleared up by reading the object: our own generationUID there means it was committed.

Assumptions: nobody but operators writes the status. Source: design 9.3; a failed JSON patch `test` is 422, not 409.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.api.cluster import ClusterStatus, KubeDirectorCluster
from kdasync.errors import Invalid, StaleMemory, TransportError
from kdasync.kube.client import JSON_PATCH, Client
from kdasync.kube.resource import CLUSTERS
from kdasync.reconcile.project import stamped


class Committer:
    """Writes statuses. `uid` gives a fresh random UUID text."""

    def __init__(self, client: Client, *, uid: Callable[[], str]) -> None:
        self._client = client
        self._uid = uid

    async def commit(self, cluster: KubeDirectorCluster, status: ClusterStatus, *, known: str) -> KubeDirectorCluster:
        """Write `status`; `known` is the generationUID believed to be stored, empty if there is none.

        Raises:
            StaleMemory: somebody else wrote; load the memory again.
            ApiError, TransportError: nothing is known to be written, or (after a lost answer) the object could not be read.
        """
        document = stamped(status, self._uid())
        meta = cluster.metadata
        patch = msgspec.json.encode(_patch(cluster, document, known))
        try:
            return await self._client.patch(
                CLUSTERS, meta.namespace, meta.name, patch, content_type=JSON_PATCH, subresource="status"
            )
        except (Invalid, TransportError) as error:
            return await self._clear_up(cluster, document, error)

    async def _clear_up(
        self, cluster: KubeDirectorCluster, document: ClusterStatus, error: Invalid | TransportError
    ) -> KubeDirectorCluster:
        """A failed `test` and a document that the schema refuses are both 422: only the object tells them apart."""
        found = await self._client.get(CLUSTERS, cluster.metadata.namespace, cluster.metadata.name)
        stored = found.status.generation_uid if found.status else ""
        if found.metadata.uid == cluster.metadata.uid and stored == document.generation_uid:
            return found
        before = cluster.status.generation_uid if cluster.status else ""
        same = found.metadata.resource_version == cluster.metadata.resource_version or (before and stored == before)
        if found.metadata.uid == cluster.metadata.uid and same:
            raise error
        raise StaleMemory(f"{cluster.metadata.namespace}/{cluster.metadata.name}: {error}") from error


def _patch(cluster: KubeDirectorCluster, document: ClusterStatus, known: str) -> list[dict[str, Any]]:
    """JSON patch operations; a first status is fenced by the object's version instead."""
    meta = cluster.metadata
    fence: list[dict[str, Any]] = [{"op": "test", "path": "/metadata/uid", "value": meta.uid}]
    if known:
        fence.append({"op": "test", "path": "/status/generationUID", "value": known})
    else:
        fence.append({"op": "test", "path": "/metadata/resourceVersion", "value": meta.resource_version})
    return [*fence, {"op": "add", "path": "/status", "value": document}]
