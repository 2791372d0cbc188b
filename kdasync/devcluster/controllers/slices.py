"""EndpointSlices from Endpoints. Pure. Why both: clients and DNS read Endpoints, `kubectl describe` reads slices.

Source: discovery.k8s.io/v1 EndpointSlice; one slice per list of ports, owned by the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kdasync.devcluster.controllers.calls import ENDPOINT_SLICE, SERVICE, Call, Create, Document, Patch, delete, key_of, uid_of

_SERVICE = "kubernetes.io/service-name"
_SUFFIX = 5


def decide(service: Document, subsets: Sequence[Document], *, known: Mapping[str, Document]) -> list[Call]:
    """The calls that make the slices right; `known` are those of the namespace by name."""
    calls: list[Call] = []
    name = slice_name(service, 0)
    for index, subset in enumerate(subsets or [{}]):
        name = slice_name(service, index)
        wanted = {"endpoints": _endpoints(subset), "ports": subset.get("ports") or []}
        found = known.get(name)
        if found is None:
            calls.append(Create(ENDPOINT_SLICE, {**_document(service, name), **wanted}))
        elif any((found.get(key) or []) != value for key, value in wanted.items()):
            calls.append(Patch(ENDPOINT_SLICE, key_of(found), wanted))
    extra = known.get(slice_name(service, max(1, len(subsets))))
    return [*calls, delete(ENDPOINT_SLICE, extra)] if extra is not None else calls


def slice_name(service: Document, index: int) -> str:
    """A name that follows from the service."""
    return f"{service['metadata']['name']}-{uid_of(service)[:_SUFFIX]}-{index}"


def _document(service: Document, name: str) -> Document:
    namespace, service_name = key_of(service)
    owner = {"apiVersion": "v1", "kind": SERVICE.kind, "name": service_name, "uid": uid_of(service), "controller": True}
    labels = {_SERVICE: service_name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [owner]},
        "addressType": "IPv4",
    }


def _endpoints(subset: Document) -> list[Document]:
    ready = [_endpoint(address, ready=True) for address in subset.get("addresses") or ()]
    return ready + [_endpoint(address, ready=False) for address in subset.get("notReadyAddresses") or ()]


def _endpoint(address: Document, *, ready: bool) -> Document:
    rest: Document = {key: address[key] for key in ("hostname", "nodeName", "targetRef") if key in address}
    return {"addresses": [address["ip"]], "conditions": {"ready": ready, "serving": ready, "terminating": False}, **rest}
