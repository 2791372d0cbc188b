"""Runs the endpoints' decision, and tells DNS what changed.

Why an index by one pair of the selector: a cluster has a service per pod, and a pod must wake only the services that may select it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from kdasync.devcluster.controllers import slices
from kdasync.devcluster.controllers.caches import Caches, Index
from kdasync.devcluster.controllers.calls import ENDPOINT_SLICE, ENDPOINTS, POD, SERVICE, Document, Key, key_of
from kdasync.devcluster.controllers.endpoints import decide, let_go, subsets_of
from kdasync.devcluster.controllers.names import names_of
from kdasync.devcluster.controllers.worker import Worker

Publish = Callable[[Mapping[str, tuple[str, ...]]], Awaitable[None]]
Pair = tuple[str, str, str]  # namespace, label, value
_REST = 0.02  # Endpoints are written whole, so a burst of pods must be one write
_POD_NAME = "statefulset.kubernetes.io/pod-name"


def _pairs_of(pod: Document) -> Iterable[Pair]:
    namespace = key_of(pod)[0]
    return [(namespace, label, value) for label, value in (pod["metadata"].get("labels") or {}).items()]


def _pair_of(service: Document) -> Pair | None:
    """The pair of the selector that most likely selects the fewest pods."""
    selector = service["spec"].get("selector") or {}
    label = _POD_NAME if _POD_NAME in selector else min(selector, default="")
    return (key_of(service)[0], label, selector[label]) if label else None


def _selecting(service: Document) -> Iterable[Pair]:
    pair = _pair_of(service)
    return () if pair is None else (pair,)


class EndpointsController:
    """One worker over all services, one over the names as a whole."""

    def __init__(self, caches: Caches, *, publish: Publish, domain: str) -> None:
        self._caches = caches
        self._publish = publish
        self._domain = domain
        self._services = caches.of(SERVICE)
        self._endpoints = caches.of(ENDPOINTS)
        self._slices = caches.of(ENDPOINT_SLICE)
        self._pods = Index(caches.of(POD), _pairs_of)
        self._selecting = Index(self._services, _selecting)
        self.worker: Worker[Key] = Worker(self._look, rest=_REST)
        self.names: Worker[str] = Worker(self._tell, rest=_REST)
        self._services.on_change(self._service_changed)
        caches.of(POD).on_change(self._pod_changed)
        self._endpoints.on_change(self._endpoints_changed)

    def _service_changed(self, old: Document | None, new: Document | None) -> None:
        changed = new or old
        if changed is not None:
            self.worker.add(key_of(changed))

    def _pod_changed(self, old: Document | None, new: Document | None) -> None:
        for pod in (old, new):
            for pair in _pairs_of(pod) if pod is not None else ():
                for key in self._selecting.get(pair):
                    self.worker.add(key)

    def _endpoints_changed(self, old: Document | None, new: Document | None) -> None:
        self.names.add(self._domain)
        if new is None and old is not None:
            self.worker.add(key_of(old))

    async def _look(self, key: Key) -> None:
        service, endpoints = self._services.get(key), self._endpoints.get(key)
        if service is None:
            await self._caches.perform(let_go(endpoints))
            return
        pair = _pair_of(service)
        pods = self._pods.get(pair).values() if pair else ()
        calls = decide(service, pods=pods, endpoints=endpoints)
        if calls:
            known = self._slices.namespace(key[0])
            calls += slices.decide(service, subsets_of(calls, endpoints), known=known)
        await self._caches.perform(calls)

    async def _tell(self, domain: str) -> None:
        await self._publish(names_of(self._endpoints, domain=domain))
