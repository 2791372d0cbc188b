"""All controllers of a devcluster as one thing to run.

Flow: `Controllers(...)` asks for its caches, `run` waits until they are filled, then works until it is cancelled. Custom resources are
included as soon as their definition is established. The caches themselves are run by the caller, who may share them with the node.
"""

from __future__ import annotations

from kdasync.devcluster.controllers.caches import Caches
from kdasync.devcluster.controllers.calls import DEFINITION, Document, Kind
from kdasync.devcluster.controllers.endpoints_controller import EndpointsController, Publish
from kdasync.devcluster.controllers.garbage_controller import GarbageController
from kdasync.devcluster.controllers.namespace_controller import NamespaceController
from kdasync.devcluster.controllers.nursery import Nursery
from kdasync.devcluster.controllers.statefulset_controller import StatefulSetController
from kdasync.devcluster.controllers.volume_controller import VolumeController
from kdasync.devcluster.controllers.worker import Worker
from kdasync.devcluster.resources import BUILTIN, Resource

# what changes often and owns nothing, or is a second view of something else
_UNCOLLECTED = frozenset({("coordination.k8s.io", "leases"), ("events.k8s.io", "events"), ("", "events")})


class Controllers:
    """The controller manager.

    Args:
        caches: run by the caller.
        publish: told of DNS names, e.g. a runtime's `publish`.
        domain: the cluster's domain.
    """

    def __init__(self, caches: Caches, *, publish: Publish, domain: str = "cluster.local") -> None:
        self._caches = caches
        self.stateful_sets = StatefulSetController(caches)
        self.volumes = VolumeController(caches)
        self.endpoints = EndpointsController(caches, publish=publish, domain=domain)
        self.garbage = GarbageController(caches)
        self.namespaces = NamespaceController(caches)
        self._included: dict[tuple[str, str], None] = {}
        for kind in BUILTIN:
            if (kind.group, kind.plural) not in _UNCOLLECTED:
                self._include(kind)
        caches.of(DEFINITION).on_change(self._definition_changed)

    async def run(self) -> None:
        """Work for ever."""
        nursery = Nursery()
        try:
            await self._caches.synced()
            await self.volumes.begin()
            for worker in self._workers().values():
                nursery.spawn(worker.run())
            await nursery.wait()
        finally:
            await nursery.close()

    def statistics(self) -> dict[str, dict[str, int]]:
        """Per controller: keys waiting, looks, failures."""
        return {name: worker.statistics() for name, worker in self._workers().items()}

    def _workers(self) -> dict[str, Worker[str] | Worker[tuple[str, str]]]:
        return {
            "statefulset": self.stateful_sets.worker,
            "claim": self.volumes.claims,
            "volume": self.volumes.volumes,
            "endpoints": self.endpoints.worker,
            "names": self.endpoints.names,
            "garbage": self.garbage.worker,
            "namespace": self.namespaces.worker,
        }

    def _include(self, kind: Kind) -> None:
        identity = (kind.group, kind.plural)
        if identity not in self._included:
            self._included[identity] = None
            self.garbage.include(kind)
            self.namespaces.include(kind)

    def _definition_changed(self, _old: Document | None, new: Document | None) -> None:
        kind = _established(new) if new is not None else None
        if kind is not None:
            self._include(kind)


def _established(definition: Document) -> Kind | None:
    """The kind of a definition that is served."""
    conditions = (definition.get("status") or {}).get("conditions") or ()
    if not any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
        return None
    spec = definition["spec"]
    version = next((each["name"] for each in spec["versions"] if each.get("served")), None)
    if version is None:
        return None
    namespaced = spec["scope"] == "Namespaced"
    return Resource(
        group=spec["group"],
        version=version,
        kind=spec["names"]["kind"],
        plural=spec["names"]["plural"],
        namespaced=namespaced,
        custom=True,
    )
