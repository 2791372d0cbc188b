"""Pods: what admission and the pod strategy fill in, grace periods and validation."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.plane import Plane
from kdasync.devcluster.status import Cause

Json = dict[str, Any]

_TOLERATIONS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_CHANGEABLE = frozenset({"activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates", "nodeName"})
_FROZEN = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def create(_plane: Plane, value: Json) -> None:
    """Status, priority, tolerations and service account of a new pod."""
    spec = value["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    own = spec.get("tolerations") or []
    for key in _TOLERATIONS:
        if not any(item.get("key") in {key, None} and item.get("effect") in {"NoExecute", None} for item in own):
            own = [*own, {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]
    spec["tolerations"] = own
    value["status"] = {"phase": "Pending", "qosClass": quality(spec)}


def quality(spec: Json) -> str:
    """QoS class. Source: kubernetes `pkg/apis/core/v1/helper/qos`."""
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    resources = [item.get("resources") or {} for item in containers]
    named = [{**(item.get("limits") or {}), **(item.get("requests") or {})} for item in resources]
    if not any(key in {"cpu", "memory"} for item in named for key in item):
        return "BestEffort"
    for item in resources:
        limits, requests = item.get("limits") or {}, item.get("requests") or {}
        if any(key not in limits or requests.get(key, limits[key]) != limits[key] for key in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def grace(value: Json) -> int:
    """Seconds a deleted pod keeps: none if it never reached a node or ended."""
    if not value["spec"].get("nodeName") or (value.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return 0
    return int(value["spec"].get("terminationGracePeriodSeconds", 30))


def spec_causes(spec: Json, path: str) -> list[Cause]:
    """The violations that people meet: containers, names, images."""
    causes = []
    if not spec.get("containers"):
        causes.append(Cause("FieldValueRequired", "Required value", f"{path}.containers"))
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            missing = [key for key in ("name", "image") if not container.get(key)]
            causes += [Cause("FieldValueRequired", "Required value", f"{path}.{field}[{index}].{key}") for key in missing]
    containers = [str(item.get("name")) for item in spec.get("containers") or ()]
    for index, name in enumerate(containers):
        if name in containers[:index]:
            causes.append(Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{path}.containers[{index}].name"))
    names = {volume.get("name") for volume in spec.get("volumes") or ()}
    for index, container in enumerate(spec.get("containers") or ()):
        for at, mount in enumerate(container.get("volumeMounts") or ()):
            # a StatefulSet's claim templates add volumes later
            if mount.get("name") not in names and path == "spec":
                text = f'Not found: "{mount.get("name")}"'
                causes.append(Cause("FieldValueNotFound", text, f"{path}.containers[{index}].volumeMounts[{at}].name"))
    return causes


def _comparable(spec: Json) -> Json:
    rest = {key: item for key, item in spec.items() if key not in _CHANGEABLE}
    for field in ("containers", "initContainers"):
        if field in rest:
            rest[field] = [{**item, "image": ""} for item in rest[field]]
    return rest


def validate(value: Json, old: Json | None) -> list[Cause]:
    """Pod violations."""
    if old is None:
        return spec_causes(value["spec"], "spec")
    if value["spec"] is not old["spec"] and _comparable(value["spec"]) != _comparable(old["spec"]):
        return [Cause("FieldValueForbidden", _FROZEN, "spec")]
    return []
