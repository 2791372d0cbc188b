"""What a test or a scenario says to a simulated cluster: apply this, wait for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kdasync.devcluster.controllers.calls import POD, STATEFUL_SET, Create, Delete, Document, Kind, Patch, uid_of
from kdasync.devcluster.controllers.wire import Wire

_LOOK = 0.05
_LIMIT = 120.0


class SimulatedClient:
    """Short words over one wire; `namespace` is where things are."""

    def __init__(self, wire: Wire, *, namespace: str = "default") -> None:
        self.wire = wire
        self.namespace = namespace

    async def create(self, kind: Kind, name: str, **fields: Any) -> Document:
        """POST an object; `metadata` in `fields` is added to its name.

        Raises:
            LookupError: it was created and is gone already.
        """
        place = {"namespace": self.namespace} if kind.namespaced else {}
        metadata = {"name": name, **place, **fields.pop("metadata", {})}
        made = await self.wire.perform(
            Create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields})
        )
        if made is None:
            raise LookupError(f"{kind.kind} {name} was created and is gone")
        return made

    async def stateful_set(self, name: str, *, pod: Document | None = None, **spec: Any) -> Document:
        """A parallel StatefulSet of one container; `pod` is added to the template's spec."""
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "sim:1"}], **(pod or {})}}
        base = {"serviceName": name, "podManagementPolicy": "Parallel", "selector": {"matchLabels": labels}, "template": template}
        return await self.create(STATEFUL_SET, name, spec={**base, **spec})

    async def patch(self, kind: Kind, name: str, body: Document, *, subresource: str = "") -> None:
        """Merge patch."""
        await self.wire.perform(Patch(kind, (self.namespace, name), body, subresource))

    async def delete(self, kind: Kind, name: str, *, grace: int | None = None, propagation: str = "") -> None:
        """Delete the object of that name.

        Raises:
            LookupError: there is none.
        """
        found = await self.get(kind, name)
        await self.wire.perform(Delete(kind, (self.namespace if kind.namespaced else "", name), uid_of(found), grace, propagation))

    async def get(self, kind: Kind, name: str) -> Document:
        """The object.

        Raises:
            LookupError: there is none.
        """
        found = await self.wire.get(kind, self.namespace if kind.namespaced else "", name)
        if found is None:
            raise LookupError(f"no {kind.kind} {name}")
        return found

    async def names(self, kind: Kind) -> list[str]:
        """Names of all objects of a kind in the namespace."""
        items, _ = await self.wire.list(kind)
        return [item["metadata"]["name"] for item in items if item["metadata"].get("namespace", self.namespace) == self.namespace]

    async def until(self, kind: Kind, name: str, holds: Callable[[Document | None], Any], *, within: float = _LIMIT) -> Document:
        """The object once `holds` is true of it; `holds` sees None while it does not exist.

        Raises:
            TimeoutError: not within so many seconds.
        """
        async with asyncio.timeout(within):
            while True:
                found = await self.wire.get(kind, self.namespace if kind.namespaced else "", name)
                if holds(found):
                    return found or {}
                await asyncio.sleep(_LOOK)

    async def until_ready(self, name: str, replicas: int, *, within: float = _LIMIT) -> Document:
        """The StatefulSet once it has exactly so many ready pods and no other ones."""

        def settled(found: Document | None) -> bool:
            status = (found or {}).get("status") or {}
            return bool(status.get("readyReplicas", 0) == status.get("replicas", 0) == replicas)

        return await self.until(STATEFUL_SET, name, settled, within=within)

    async def until_gone(self, kind: Kind, name: str, *, within: float = _LIMIT) -> None:
        """Wait until there is no such object."""
        await self.until(kind, name, lambda found: found is None, within=within)

    async def until_restarted(self, pod: str, *, restarts: int = 1, within: float = _LIMIT) -> Document:
        """The pod once its first container runs again."""

        def again(found: Document | None) -> bool:
            statuses = ((found or {}).get("status") or {}).get("containerStatuses") or [{}]
            return statuses[0].get("restartCount") == restarts and "running" in statuses[0]["state"]

        return await self.until(POD, pod, again, within=within)
