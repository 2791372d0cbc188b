"""The pods and claims that a StatefulSet makes. Pure. Source: apps/v1 StatefulSet; names and labels as Kubernetes 1.36 writes them."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from kdasync.devcluster.controllers.calls import CLAIM, POD, Document
from kdasync.devcluster.controllers.revision import owner_reference


def pod_name(stateful_set: Document, ordinal: int) -> str:
    """`<set>-<ordinal>`."""
    return f"{stateful_set['metadata']['name']}-{ordinal}"


def ordinal_of(stateful_set: Document, name: str) -> int | None:
    """Ordinal of a pod name, None if it is no name of this set."""
    head, _, tail = name.rpartition("-")
    return int(tail) if head == stateful_set["metadata"]["name"] and tail.isdecimal() and str(int(tail)) == tail else None


def claim_names(stateful_set: Document, ordinal: int) -> list[str]:
    """`<template>-<pod>` for each claim template."""
    pod = pod_name(stateful_set, ordinal)
    return [f"{template['metadata']['name']}-{pod}" for template in _claim_templates(stateful_set)]


def new_claims(stateful_set: Document, ordinal: int) -> list[Document]:
    """The claims of one pod; labels are the template's and the selector's."""
    selector = stateful_set["spec"]["selector"].get("matchLabels") or {}
    claims = []
    for template, name in zip(_claim_templates(stateful_set), claim_names(stateful_set, ordinal), strict=True):
        claim: Document = copy.deepcopy({key: template[key] for key in ("metadata", "spec") if key in template})
        meta = claim["metadata"]
        meta.update(
            name=name, namespace=stateful_set["metadata"].get("namespace", ""), labels={**(meta.get("labels") or {}), **selector}
        )
        claims.append({"apiVersion": CLAIM.api_version, "kind": CLAIM.kind, **claim})
    return claims


def new_pod(stateful_set: Document, ordinal: int, *, template: Document, revision: str) -> Document:
    """One pod of a revision."""
    name = pod_name(stateful_set, ordinal)
    meta, spec = template.get("metadata") or {}, copy.deepcopy(template["spec"])
    spec["hostname"] = name
    spec["subdomain"] = stateful_set["spec"].get("serviceName", "")
    spec["volumes"] = [*_volumes(stateful_set, ordinal), *_foreign_volumes(stateful_set, spec.get("volumes") or ())]
    labels = {
        **(meta.get("labels") or {}),
        "apps.kubernetes.io/pod-index": str(ordinal),
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": name,
    }
    return {
        "apiVersion": POD.api_version,
        "kind": POD.kind,
        "metadata": {
            "name": name,
            "generateName": f"{stateful_set['metadata']['name']}-",
            "namespace": stateful_set["metadata"].get("namespace", ""),
            "labels": labels,
            "annotations": dict(meta.get("annotations") or {}),
            "ownerReferences": [owner_reference(stateful_set)],
        },
        "spec": spec,
    }


def _claim_templates(stateful_set: Document) -> Sequence[Document]:
    templates: Sequence[Document] = stateful_set["spec"].get("volumeClaimTemplates") or ()
    return templates


def _volumes(stateful_set: Document, ordinal: int) -> list[Document]:
    names = [template["metadata"]["name"] for template in _claim_templates(stateful_set)]
    claims = claim_names(stateful_set, ordinal)
    return [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in zip(names, claims, strict=True)]


def _foreign_volumes(stateful_set: Document, volumes: Sequence[Document]) -> list[Document]:
    own = {template["metadata"]["name"] for template in _claim_templates(stateful_set)}
    return [volume for volume in volumes if volume["name"] not in own]
