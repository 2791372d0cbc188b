"""The columns of the built-in kinds in `kubectl get`. Source: kubernetes `pkg/printers/internalversion/printers.go`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from kdasync.devcluster import age, podtable
from kdasync.devcluster.query import dig

Json = dict[str, Any]
Cell = Callable[[Json, float], Any]


class Column(msgspec.Struct, frozen=True):
    """One column; `priority` above 0 shows with -o wide."""

    name: str
    cell: Cell
    kind: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Json:
        """TableColumnDefinition."""
        return {
            "name": self.name,
            "type": self.kind,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def _at(path: str, missing: Any = "<none>") -> Cell:
    def cell(value: Json, _now: float) -> Any:
        found = dig(value, path)
        return missing if found is None or found == "" else found

    return cell


def _of(function: Callable[[Json], Any]) -> Cell:
    return lambda value, _now: function(value)


def _age(value: Json, now: float) -> str:
    return age.since(value["metadata"].get("creationTimestamp"), now)


NAME = Column("Name", _at("metadata.name"), format="name", description="Name must be unique within a namespace.")
AGE = Column("Age", _age, description="CreationTimestamp is a timestamp representing the server time when this object was created.")


def _column(name: str, cell: Cell, *, wide: bool = False, kind: str = "string") -> Column:
    return Column(name, cell, priority=1 if wide else 0, kind=kind)


def _ports(value: Json) -> str:
    texts = []
    for port in dig(value, "spec.ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        texts.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(texts) or "<none>"


def _pairs(path: str) -> Cell:
    def cell(value: Json, _now: float) -> str:
        found = dig(value, path) or {}
        return ",".join(f"{key}={item}" for key, item in sorted(found.items())) or "<none>"

    return cell


def _external(value: Json) -> str:
    if dig(value, "spec.type") != "LoadBalancer":
        return ",".join(dig(value, "spec.externalIPs") or ()) or "<none>"
    ingress = dig(value, "status.loadBalancer.ingress") or ()
    return ",".join(item.get("ip") or item.get("hostname", "") for item in ingress) or "<pending>"


def _names(path: str, key: str) -> Cell:
    return lambda value, _now: ",".join(str(item.get(key, "")) for item in dig(value, path) or ()) or "<none>"


def _capacity(value: Json) -> str:
    return str(dig(value, "status.capacity.storage") or "") if dig(value, "spec.volumeName") else ""


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(path: str) -> Cell:
    return lambda value, _now: ",".join(_MODES.get(mode, mode) for mode in dig(value, path) or ())


def _phase(value: Json) -> str:
    return "Terminating" if value["metadata"].get("deletionTimestamp") else str(dig(value, "status.phase") or "")


def _claim_ref(value: Json) -> str:
    reference = dig(value, "spec.claimRef") or {}
    return f"{reference.get('namespace', '')}/{reference.get('name', '')}" if reference else ""


def _node_status(value: Json) -> str:
    ready = next((item for item in dig(value, "status.conditions") or () if item.get("type") == "Ready"), None)
    text = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    return text + (",SchedulingDisabled" if dig(value, "spec.unschedulable") else "")


def _node_address(value: Json) -> str:
    addresses = dig(value, "status.addresses") or ()
    return next((str(item["address"]) for item in addresses if item.get("type") == "InternalIP"), "<none>")


def _roles(value: Json) -> str:
    prefix = "node-role.kubernetes.io/"
    found = [key.removeprefix(prefix) for key in value["metadata"].get("labels") or {} if key.startswith(prefix)]
    return ",".join(sorted(found)) or "<none>"


def _seen(value: Json, now: float) -> str:
    series = dig(value, "series.lastObservedTime")
    return age.since(series or value.get("lastTimestamp") or value.get("eventTime") or value.get("firstTimestamp"), now)


def _event_object(value: Json) -> str:
    reference = value.get("involvedObject") or {}
    return f"{str(reference.get('kind', '')).lower()}/{reference.get('name', '')}"


def _event_source(value: Json) -> str:
    source = value.get("source") or {}
    parts = [source.get("component") or value.get("reportingComponent", ""), source.get("host", "")]
    return ", ".join(part for part in parts if part)


def _containers(key: str) -> Cell:
    return _names("spec.template.spec.containers", key)


def _endpoints(value: Json) -> str:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in value.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""  # noqa: PLR2004 - kubectl shows three
    return ",".join(found[:3]) + more if found else "<none>"


BUILTIN: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "/pods": (
            NAME,
            _column("Ready", _of(podtable.ready)),
            _column("Status", _of(podtable.status)),
            _column("Restarts", podtable.restarts),
            AGE,
            _column("IP", _at("status.podIP"), wide=True),
            _column("Node", _at("spec.nodeName"), wide=True),
            _column("Nominated Node", _at("status.nominatedNodeName"), wide=True),
            _column("Readiness Gates", _of(podtable.gates), wide=True),
        ),
        "/services": (
            NAME,
            _column("Type", _at("spec.type")),
            _column("Cluster-IP", _at("spec.clusterIP")),
            _column("External-IP", _of(_external)),
            _column("Port(s)", _of(_ports)),
            AGE,
            _column("Selector", _pairs("spec.selector"), wide=True),
        ),
        "apps/statefulsets": (
            NAME,
            _column("Ready", _of(lambda value: f"{dig(value, 'status.readyReplicas') or 0}/{dig(value, 'spec.replicas') or 0}")),
            AGE,
            _column("Containers", _containers("name"), wide=True),
            _column("Images", _containers("image"), wide=True),
        ),
        "/persistentvolumeclaims": (
            NAME,
            _column("Status", _of(_phase)),
            _column("Volume", _at("spec.volumeName", "")),
            _column("Capacity", _of(_capacity)),
            _column("Access Modes", _modes("status.accessModes")),
            _column("StorageClass", _at("spec.storageClassName", "")),
            _column("VolumeAttributesClass", _at("spec.volumeAttributesClassName", "<unset>")),
            AGE,
            _column("VolumeMode", _at("spec.volumeMode", "<unset>"), wide=True),
        ),
        "/persistentvolumes": (
            NAME,
            _column("Capacity", _at("spec.capacity.storage", "")),
            _column("Access Modes", _modes("spec.accessModes")),
            _column("Reclaim Policy", _at("spec.persistentVolumeReclaimPolicy", "")),
            _column("Status", _of(_phase)),
            _column("Claim", _of(_claim_ref)),
            _column("StorageClass", _at("spec.storageClassName", "")),
            _column("VolumeAttributesClass", _at("spec.volumeAttributesClassName", "<unset>")),
            _column("Reason", _at("status.reason", "")),
            AGE,
            _column("VolumeMode", _at("spec.volumeMode", "<unset>"), wide=True),
        ),
        "/namespaces": (NAME, _column("Status", _at("status.phase", "")), AGE),
        "/nodes": (
            NAME,
            _column("Status", _of(_node_status)),
            _column("Roles", _of(_roles)),
            AGE,
            _column("Version", _at("status.nodeInfo.kubeletVersion", "")),
            _column("Internal-IP", _of(_node_address), wide=True),
            _column("OS-Image", _at("status.nodeInfo.osImage", "<unknown>"), wide=True),
            _column("Kernel-Version", _at("status.nodeInfo.kernelVersion", "<unknown>"), wide=True),
            _column("Container-Runtime", _at("status.nodeInfo.containerRuntimeVersion", "<unknown>"), wide=True),
        ),
        "/events": (
            _column("Last Seen", _seen),
            _column("Type", _at("type", "")),
            _column("Reason", _at("reason", "")),
            _column("Object", _of(_event_object)),
            _column("Subobject", _at("involvedObject.fieldPath", ""), wide=True),
            _column("Source", _of(_event_source), wide=True),
            _column("Message", _of(lambda value: str(value.get("message", "")).strip())),
            _column(
                "First Seen", lambda value, now: age.since(value.get("firstTimestamp") or value.get("eventTime"), now), wide=True
            ),
            _column("Count", _of(lambda value: value.get("count") or dig(value, "series.count") or 1), wide=True),
            Column("Name", _at("metadata.name"), format="name", priority=1),
        ),
        "/configmaps": (
            NAME,
            _column("Data", _of(lambda value: len(value.get("data") or {}) + len(value.get("binaryData") or {})), kind="string"),
            AGE,
        ),
        "/secrets": (
            NAME,
            _column("Type", _at("type", "")),
            _column("Data", _of(lambda value: len(value.get("data") or {})), kind="string"),
            AGE,
        ),
        "/serviceaccounts": (NAME, _column("Secrets", _of(lambda value: len(value.get("secrets") or ())), kind="integer"), AGE),
        "/endpoints": (NAME, _column("Endpoints", _of(_endpoints)), AGE),
        "coordination.k8s.io/leases": (NAME, _column("Holder", _at("spec.holderIdentity", "")), AGE),
        "storage.k8s.io/storageclasses": (
            NAME,
            _column("Provisioner", _at("provisioner", "")),
            _column("ReclaimPolicy", _at("reclaimPolicy", "")),
            _column("VolumeBindingMode", _at("volumeBindingMode", "")),
            _column("AllowVolumeExpansion", _of(lambda value: str(bool(value.get("allowVolumeExpansion"))).lower())),
            AGE,
        ),
        "apiextensions.k8s.io/customresourcedefinitions": (
            NAME,
            _column("Created At", _at("metadata.creationTimestamp"), kind="date"),
        ),
    }
)
