"""What a controller may ask of the API server: frozen values, returned by its pure decision and performed by `effects`.

Objects are documents (parsed JSON) here, not the operator's wire types: a StatefulSet's template must reach its pods with
every field, known to us or not.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.devcluster.resources import BUILTIN, Resource

Document = dict[str, Any]
Key = tuple[str, str]  # namespace (empty for cluster-scoped kinds) and name
Kind = Resource


def path_of(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """URL path of a collection, an object or its subresource."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    scope = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    tail = "".join(f"/{part}" for part in (name, subresource) if part)
    return f"{root}{scope}/{kind.plural}{tail}"


_BUILTIN = {(kind.group, kind.plural): kind for kind in BUILTIN}

POD = _BUILTIN["", "pods"]
NODE = _BUILTIN["", "nodes"]
SECRET = _BUILTIN["", "secrets"]
CONFIG_MAP = _BUILTIN["", "configmaps"]
SERVICE = _BUILTIN["", "services"]
ENDPOINTS = _BUILTIN["", "endpoints"]
ENDPOINT_SLICE = _BUILTIN["discovery.k8s.io", "endpointslices"]
CLAIM = _BUILTIN["", "persistentvolumeclaims"]
VOLUME = _BUILTIN["", "persistentvolumes"]
EVENT = _BUILTIN["", "events"]
LEASE = _BUILTIN["coordination.k8s.io", "leases"]
NAMESPACE = _BUILTIN["", "namespaces"]
SERVICE_ACCOUNT = _BUILTIN["", "serviceaccounts"]
STATEFUL_SET = _BUILTIN["apps", "statefulsets"]
REVISION = _BUILTIN["apps", "controllerrevisions"]
STORAGE_CLASS = _BUILTIN["storage.k8s.io", "storageclasses"]
DEFINITION = _BUILTIN["apiextensions.k8s.io", "customresourcedefinitions"]


class Create(msgspec.Struct, frozen=True):
    """POST; an object that exists already is a success (the next event tells more)."""

    kind: Kind
    body: Document


class Patch(msgspec.Struct, frozen=True):
    """JSON merge patch; an object that is gone is a success."""

    kind: Kind
    key: Key
    body: Document
    subresource: str = ""


class Delete(msgspec.Struct, frozen=True):
    """DELETE of exactly this object (UID precondition); one that is gone is a success.

    Attributes:
        grace: seconds, None = the object's own.
        propagation: `Background`, `Foreground`, `Orphan` or empty for the default.
    """

    kind: Kind
    key: Key
    uid: str
    grace: int | None = None
    propagation: str = ""


Call = Create | Patch | Delete


def key_of(document: Document) -> Key:
    """Namespace and name."""
    meta = document["metadata"]
    return meta.get("namespace", ""), meta["name"]


def uid_of(document: Document) -> str:
    """UID."""
    uid: str = document["metadata"]["uid"]
    return uid


def deleting(document: Document) -> bool:
    """Its deletion has begun."""
    return bool(document["metadata"].get("deletionTimestamp"))


def controller_uid(document: Document) -> str:
    """UID of the controlling owner, or empty."""
    for owner in document["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner["uid"])
    return ""


def delete(kind: Kind, document: Document, *, grace: int | None = None, propagation: str = "") -> Delete:
    """The call that deletes this very object."""
    return Delete(kind, key_of(document), uid_of(document), grace, propagation)
