"""The built-in kinds that depart from the common rules, one `Strategy` each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kdasync.devcluster import crd, defaults, pods, rules, services
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.resources import Resource
from kdasync.devcluster.status import Cause
from kdasync.devcluster.strategy import PLAIN, Strategy

Json = dict[str, Any]

PVC_PROTECTION, PV_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _namespace_create(_plane: Plane, value: Json) -> None:
    value["spec"] = {"finalizers": ["kubernetes"]}
    value["status"] = {"phase": "Active"}


def _namespace_update(_plane: Plane, value: Json, old: Json) -> None:
    value["spec"] = {**(value.get("spec") or {}), "finalizers": (old.get("spec") or {}).get("finalizers") or []}
    if not value["spec"]["finalizers"]:
        del value["spec"]["finalizers"]


def _claim_create(plane: Plane, value: Json) -> None:
    value["status"] = {"phase": "Pending"}
    meta = value["metadata"]
    if PVC_PROTECTION not in meta.get("finalizers", []):
        meta["finalizers"] = [*meta.get("finalizers", []), PVC_PROTECTION]
    if "storageClassName" not in value["spec"]:
        for entry in plane.storage.list("storage.k8s.io/storageclasses"):
            if (entry.object["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
                value["spec"]["storageClassName"] = entry.object["metadata"]["name"]


def _claim_validate(value: Json, _old: Json | None) -> list[Cause]:
    causes = []
    if not value["spec"].get("accessModes"):
        causes.append(Cause("FieldValueRequired", "Required value: at least 1 access mode is required", "spec.accessModes"))
    if not ((value["spec"].get("resources") or {}).get("requests") or {}).get("storage"):
        causes.append(Cause("FieldValueRequired", "Required value", "spec.resources[storage]"))
    return causes


def _volume_create(_plane: Plane, value: Json) -> None:
    meta = value["metadata"]
    if PV_PROTECTION not in meta.get("finalizers", []):
        meta["finalizers"] = [*meta.get("finalizers", []), PV_PROTECTION]


_MUTABLE_SET = ("replicas", "ordinals", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy", "minReadySeconds")
_FROZEN_SET = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _event_create(_plane: Plane, value: Json) -> None:
    defaults.event(value)


def _event_update(_plane: Plane, value: Json, _old: Json) -> None:
    defaults.event(value)


def _budget_create(_plane: Plane, value: Json) -> None:
    value["status"] = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}


def _set_create(_plane: Plane, value: Json) -> None:
    value["status"] = {"replicas": 0, "availableReplicas": 0}


def _set_validate(value: Json, old: Json | None) -> list[Cause]:
    spec = value["spec"]
    causes = []
    selector = spec.get("selector")
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not selector:
        causes.append(Cause("FieldValueRequired", "Required value", "spec.selector"))
    if not selector or any(labels.get(key) != item for key, item in ((selector or {}).get("matchLabels") or {}).items()):
        shown = ",".join(f'"{key}":"{item}"' for key, item in sorted(labels.items()))
        text = f"Invalid value: {{{shown}}}: `selector` does not match template `labels`"
        causes.append(Cause("FieldValueInvalid", text, "spec.template.metadata.labels"))
    if int(spec.get("replicas") or 0) < 0:
        text = f"Invalid value: {spec['replicas']}: must be greater than or equal to 0"
        causes.append(Cause("FieldValueInvalid", text, "spec.replicas"))
    causes += pods.spec_causes(spec["template"]["spec"], "spec.template.spec")
    if old is not None:
        allowed = (*_MUTABLE_SET, "revisionHistoryLimit")
        if {key: item for key, item in spec.items() if key not in allowed} != {
            key: item for key, item in old["spec"].items() if key not in allowed
        }:
            causes.append(Cause("FieldValueForbidden", _FROZEN_SET, "spec"))
    return causes


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "/namespaces": Strategy(
            default=defaults.namespace, create=_namespace_create, update=_namespace_update, returns_object=True
        ),
        "/pods": Strategy(
            default=defaults.pod,
            create=pods.create,
            validate=pods.validate,
            grace=pods.grace,
            graceful=True,
            generation=True,
            returns_object=True,
        ),
        "/services": Strategy(
            default=defaults.service,
            create=services.create,
            update=services.update,
            validate=services.validate,
            returns_object=True,
        ),
        "/serviceaccounts": Strategy(returns_object=True),
        "/secrets": Strategy(default=defaults.secret, validate=rules.secret),
        "/configmaps": Strategy(validate=rules.config_map),
        "/events": Strategy(create=_event_create, update=_event_update, validate=rules.event),
        "/persistentvolumeclaims": Strategy(
            default=defaults.claim, create=_claim_create, validate=_claim_validate, returns_object=True
        ),
        "/persistentvolumes": Strategy(default=defaults.volume, create=_volume_create, returns_object=True),
        "apps/statefulsets": Strategy(default=defaults.stateful_set, create=_set_create, validate=_set_validate, generation=True),
        "storage.k8s.io/storageclasses": Strategy(default=defaults.storage_class, returns_object=True),
        "coordination.k8s.io/leases": Strategy(validate=rules.lease, unconditional=False),
        "policy/poddisruptionbudgets": Strategy(create=_budget_create, generation=True, unconditional=False),
        "networking.k8s.io/networkpolicies": Strategy(default=defaults.network_policy, generation=True),
        "admissionregistration.k8s.io/mutatingwebhookconfigurations": Strategy(
            default=defaults.webhooks, validate=rules.webhooks, generation=True
        ),
        "admissionregistration.k8s.io/validatingwebhookconfigurations": Strategy(
            default=defaults.webhooks, validate=rules.webhooks, generation=True
        ),
        "apiextensions.k8s.io/customresourcedefinitions": Strategy(
            default=crd.default,
            create=crd.create,
            validate=crd.validate,
            written=crd.written,
            removed=crd.removed,
            finalized=crd.finalized,
            generation=True,
            unconditional=False,
        ),
    }
)
CUSTOM = Strategy(generation=True, unconditional=False, removed=crd.object_removed)


def strategy_of(resource: Resource) -> Strategy:
    """The strategy of a resource."""
    return CUSTOM if resource.custom else STRATEGIES.get(resource.shelf, PLAIN)
