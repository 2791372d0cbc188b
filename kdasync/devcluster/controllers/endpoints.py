"""The endpoints controller's decision: a service with a selector and the pods of its namespace in, its Endpoints out. Pure.

Source: core/v1 Endpoints; a pod counts once it has an address, as ready if it is Ready or the service publishes not-ready addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kdasync.devcluster.controllers.calls import ENDPOINTS, Call, Create, Document, Patch, delete, deleting, key_of
from kdasync.devcluster.controllers.pods import ended, ip_of, is_ready
from kdasync.devcluster.controllers.selectors import matches

_MANAGED = "endpoints.kubernetes.io/managed-by"


def decide(service: Document, *, pods: Iterable[Document], endpoints: Document | None) -> list[Call]:
    """The call that makes the Endpoints right; none for a service without a selector."""
    selector = service["spec"].get("selector")
    if not selector or service["spec"].get("type") == "ExternalName" or deleting(service):
        return []
    chosen = [pod for pod in pods if matches(pod["metadata"].get("labels") or {}, selector)]
    subsets = _subsets(service, chosen)
    if endpoints is None:
        return [Create(ENDPOINTS, _document(service, subsets))]
    if (endpoints.get("subsets") or []) == subsets:
        return []
    return [Patch(ENDPOINTS, key_of(service), {"subsets": subsets})]


def let_go(endpoints: Document | None) -> list[Call]:
    """The call for the Endpoints of a service that is gone: only those made here go with it."""
    if endpoints is None or _MANAGED not in (endpoints["metadata"].get("labels") or {}):
        return []
    return [delete(ENDPOINTS, endpoints)]


def subsets_of(calls: Iterable[Call], endpoints: Document | None) -> list[Document]:
    """The subsets after `calls`."""
    for call in calls:
        if isinstance(call, Create | Patch):
            return list(call.body["subsets"])
    return list((endpoints or {}).get("subsets") or ())


def _document(service: Document, subsets: list[Document]) -> Document:
    meta = service["metadata"]
    labels = {**(meta.get("labels") or {}), _MANAGED: "endpoint-controller"}
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    return {
        "apiVersion": ENDPOINTS.api_version,
        "kind": ENDPOINTS.kind,
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": labels},
        "subsets": subsets,
    }


def _subsets(service: Document, pods: Sequence[Document]) -> list[Document]:
    """One subset per distinct list of ports, in the order of the pods' names."""
    early = bool(service["spec"].get("publishNotReadyAddresses"))
    found: dict[str, Document] = {}
    for pod in sorted(pods, key=key_of):
        if not ip_of(pod) or ended(pod) or (deleting(pod) and not early):
            continue
        ports = _ports(service, pod)
        subset = found.setdefault(repr(ports), {"addresses": [], "notReadyAddresses": [], "ports": ports})
        subset["addresses" if early or is_ready(pod) else "notReadyAddresses"].append(_address(service, pod))
    return [{key: value for key, value in subset.items() if value} for subset in found.values()]


def _address(service: Document, pod: Document) -> Document:
    namespace, name = key_of(pod)
    address: Document = {"ip": ip_of(pod)}
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
        address["hostname"] = pod["spec"]["hostname"]
    if pod["spec"].get("nodeName"):
        address["nodeName"] = pod["spec"]["nodeName"]
    reference = {"kind": pod.get("kind", "Pod"), "namespace": namespace, "name": name, "uid": pod["metadata"]["uid"]}
    return {**address, "targetRef": reference}


def _ports(service: Document, pod: Document) -> list[Document]:
    ports = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number is not None:
            named = {"name": port["name"]} if port.get("name") else {}
            ports.append({**named, "port": number, "protocol": port.get("protocol", "TCP")})
    return ports


def _target(port: Document, pod: Document) -> int | None:
    """The number behind `targetPort`; None if the pod has no port of that name."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for each in container.get("ports") or ():
            if each.get("name") == target:
                return int(each["containerPort"])
    return None
