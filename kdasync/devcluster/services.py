"""Services: cluster addresses and node ports.

Why allocation here: clients read back `clusterIP` and `nodePort` from the answer of their create, so it cannot be a controller's.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from kdasync.devcluster.plane import Plane
from kdasync.devcluster.status import Cause

Json = dict[str, Any]

RANGE = ipaddress.ip_network("10.96.0.0/16")
PORTS = range(30000, 32768)
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_EXTERNAL = frozenset({"NodePort", "LoadBalancer"})


def _specs(plane: Plane) -> list[Json]:
    return [entry.object["spec"] for entry in plane.storage.list("/services")]


def _address(plane: Plane) -> str:
    taken = {spec.get("clusterIP") for spec in _specs(plane)}
    while True:
        address = str(RANGE[plane.environment.random.randrange(2, RANGE.num_addresses - 1)])
        if address not in taken:
            return address


def _ports(plane: Plane, spec: Json) -> None:
    taken = {port.get("nodePort") for other in _specs(plane) for port in other.get("ports") or ()}
    taken |= {port.get("nodePort") for port in spec.get("ports") or ()}
    for port in spec.get("ports") or ():
        while not port.get("nodePort"):
            number = plane.environment.random.choice(PORTS)
            if number not in taken:
                taken.add(number)
                port["nodePort"] = number


def create(plane: Plane, value: Json) -> None:
    """Allocate what a new service lacks."""
    spec = value["spec"]
    kind = spec["type"]
    value["status"] = {"loadBalancer": {}}
    if kind == "ExternalName":
        return
    if not spec.get("clusterIP"):
        spec["clusterIP"] = (spec.get("clusterIPs") or [""])[0] or _address(plane)
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if kind in _EXTERNAL:
        _ports(plane, spec)


def update(plane: Plane, value: Json, old: Json) -> None:
    """Keep what was allocated; allocate or release on a change of type."""
    spec, before = value["spec"], old["spec"]
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not spec.get(field) and field in before and spec["type"] != "ExternalName":
            spec[field] = before[field]
    if spec["type"] in _EXTERNAL:
        known = {(port.get("port"), port.get("protocol")): port.get("nodePort") for port in before.get("ports") or ()}
        for port in spec.get("ports") or ():
            found = known.get((port.get("port"), port.get("protocol")))
            if found and not port.get("nodePort"):
                port["nodePort"] = found
        _ports(plane, spec)
        return
    for port in spec.get("ports") or ():
        if before["type"] in _EXTERNAL:
            port.pop("nodePort", None)
    for field in ("externalTrafficPolicy", "allocateLoadBalancerNodePorts"):
        spec.pop(field, None)


def validate(value: Json, old: Json | None) -> list[Cause]:
    """Ports there and named, cluster address unchanged."""
    spec = value["spec"]
    causes = []
    if spec["type"] not in _TYPES:
        known = ", ".join(f'"{item}"' for item in _TYPES)
        text = f'Unsupported value: "{spec["type"]}": supported values: {known}'
        causes.append(Cause("FieldValueNotSupported", text, "spec.type"))
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        causes.append(Cause("FieldValueRequired", "Required value", "spec.ports"))
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            causes.append(Cause("FieldValueRequired", "Required value", f"spec.ports[{index}].name"))
        number = port.get("port")
        if not isinstance(number, int) or not 1 <= number <= 65535:  # noqa: PLR2004 - TCP's port range
            text = f"Invalid value: {number or 0}: must be between 1 and 65535, inclusive"
            causes.append(Cause("FieldValueInvalid", text, f"spec.ports[{index}].port"))
            if port.get("targetPort") == number:
                causes.append(Cause("FieldValueInvalid", text, f"spec.ports[{index}].targetPort"))
    if old is not None and old["spec"].get("clusterIP") and spec["type"] != "ExternalName":
        before, now = old["spec"]["clusterIP"], spec.get("clusterIP")
        if before != now and old["spec"]["type"] != "ExternalName":
            text = f'Invalid value: ["{now}"]: may not change once set'
            causes.append(Cause("FieldValueInvalid", text, "spec.clusterIPs[0]"))
    return causes
