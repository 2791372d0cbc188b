"""Plan -> calls. Each is idempotent, and each answer enters the stores at once, so that the next pass sees our own writes.

Flow: one action, one call. A create that finds the object already there looks whose it is; an update that meets a newer version, and a
delete of something that is gone or is another object by now, are left to the next pass, which the watch will wake.

Guarantees: nothing of another owner is changed: creates are POSTs under derived names, updates carry uid and resourceVersion, deletes
carry a UID precondition. Assumptions: what the action depends on has been committed.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.meta import Object
from kdasync.errors import AlreadyExists, Conflict, DefinitionError, Invalid, NotFound
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.resource import CLAIMS, CLUSTERS, PODS, SERVICES, STATEFUL_SETS, Resource
from kdasync.reconcile.plan import Amend, Annotate, Create, Delete, SetReplicas
from kdasync.reconcile.stores import Stores
from kdasync.store.store import Store

T = TypeVar("T", bound=Object)


class Performer:
    """Carries actions out."""

    def __init__(self, client: Client, stores: Stores) -> None:
        self._client = client
        self._kinds: dict[str, tuple[Resource[Any], Store[Any]]] = {
            "StatefulSet": (STATEFUL_SETS, stores.statefulsets),
            "Service": (SERVICES, stores.services),
            "Pod": (PODS, stores.pods),
            "PersistentVolumeClaim": (CLAIMS, stores.claims),
        }
        self._stores = stores

    async def perform(self, cluster: KubeDirectorCluster, action: Create | SetReplicas | Amend | Delete) -> None:
        """Carry one action out.

        Raises:
            DefinitionError: the name is taken by somebody else's object, or the API server refuses what the spec renders to.
            ApiError, TransportError: see `kube/client.py`.
        """
        namespace = cluster.metadata.namespace
        if isinstance(action, Create):
            await self._create(cluster, action)
        elif isinstance(action, SetReplicas):
            await self._replicas(namespace, action)
        elif isinstance(action, Amend):
            await self._amend(namespace, action)
        else:
            await self._delete(namespace, action)

    async def _create(self, cluster: KubeDirectorCluster, action: Create) -> None:
        manifest = action.manifest
        resource, store = self._kinds[manifest.kind]
        try:
            store.apply(await self._client.create(resource, manifest.namespace, manifest.encode()))
        except AlreadyExists:
            found = await self._client.get(resource, manifest.namespace, manifest.name)
            if not _owned(found, cluster):
                raise DefinitionError(
                    f"{manifest.kind} {manifest.name} exists and belongs to somebody else.",
                    field="metadata.name",
                    remedy="Delete or rename it.",
                    reason="NameTaken",
                ) from None
            store.apply(found)
        except Invalid as error:
            raise DefinitionError(
                f"the API server refuses the {manifest.kind} {manifest.name}: {error.message}",
                field="spec.roles",
                remedy="Correct the field of the cluster that it comes from.",
                reason="Refused",
            ) from error

    async def _replicas(self, namespace: str, action: SetReplicas) -> None:
        resource, store = self._kinds["StatefulSet"]
        meta = {"uid": action.uid, "resourceVersion": action.resource_version}
        body = msgspec.json.encode({"metadata": meta, "spec": {"replicas": action.replicas}})
        try:
            store.apply(await self._client.patch(resource, namespace, action.name, body, content_type=MERGE_PATCH))
        except (Conflict, NotFound):
            await self._refresh(resource, store, namespace, action.name)

    async def _amend(self, namespace: str, action: Amend) -> None:
        resource, store = self._kinds[action.kind]
        try:
            store.apply(await self._client.patch(resource, namespace, action.name, action.patch, content_type=MERGE_PATCH))
        except (Conflict, NotFound):
            await self._refresh(resource, store, namespace, action.name)

    async def _refresh(self, resource: Resource[T], store: Store[T], namespace: str, name: str) -> None:
        """Our picture was old: look, so that the next pass does not repeat the mistake."""
        try:
            store.apply(await self._client.get(resource, namespace, name))
        except NotFound:
            known = store.get(namespace, name)
            if known is not None:
                store.bury(known)

    async def _delete(self, namespace: str, action: Delete) -> None:
        resource, _ = self._kinds[action.kind]
        try:
            await self._client.delete(resource, namespace, action.name, uid=action.uid, propagation="Background")
        except (Conflict, NotFound):
            return  # gone, or another object by now

    async def annotate(self, cluster: KubeDirectorCluster, action: Annotate) -> KubeDirectorCluster | None:
        """Finalizers and annotations of the cluster itself; None if the object was gone or newer (the watch will tell)."""
        meta = cluster.metadata
        fields: dict[str, Any] = {"uid": meta.uid, "resourceVersion": meta.resource_version}
        if action.finalizers is not None:
            fields["finalizers"] = action.finalizers
        if action.annotations:
            fields["annotations"] = dict(action.annotations)
        body = msgspec.json.encode({"metadata": fields})
        try:
            found = await self._client.patch(CLUSTERS, meta.namespace, meta.name, body, content_type=MERGE_PATCH)
        except (Conflict, NotFound):
            return None
        self._stores.clusters.apply(found)
        return found


def _owned(found: Object, cluster: KubeDirectorCluster) -> bool:
    return any(owner.uid == cluster.metadata.uid for owner in found.metadata.owner_references)
