"""The kinds devcluster serves by itself, as a table: what discovery tells and what paths are routed to.

Why a closed list: a kind without a controller behind it would look served and do nothing; kubectl says a clear "no such
resource" instead.
"""

from __future__ import annotations

from typing import Any

import msgspec

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One served resource (group, version, plural).

    Attributes:
        store: name of the shelf in the storage; views of one resource in two groups share it.
        schema: OpenAPI v3 schema of a custom resource, None for a built-in kind.
        columns: additionalPrinterColumns of a custom resource.
        selectable: JSON paths a custom resource allows in field selectors.
    """

    group: str = ""
    version: str = "v1"
    kind: str
    plural: str
    singular: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    store: str = ""
    list_kind: str = ""
    schema: Any = None
    columns: tuple[Any, ...] = ()
    selectable: tuple[str, ...] = ()
    custom: bool = False
    scale: Any = None
    storage_version: str = ""

    @property
    def qualified(self) -> str:
        """`plural.group`, or the plural in the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """`group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def shelf(self) -> str:
        """Where its objects are stored."""
        return self.store or f"{self.group}/{self.plural}"

    @property
    def has_status(self) -> bool:
        """True if /status is a subresource of its own."""
        return "status" in self.subresources


def _core(
    kind: str, plural: str, *short: str, namespaced: bool = True, subresources: tuple[str, ...] = (), **more: Any
) -> Resource:
    return Resource(kind=kind, plural=plural, short_names=short, namespaced=namespaced, subresources=subresources, **more)


_POD_SUBRESOURCES = ("attach", "eviction", "exec", "log", "portforward", "status")

BUILTIN: tuple[Resource, ...] = (
    _core("ConfigMap", "configmaps", "cm"),
    _core("Endpoints", "endpoints", "ep"),
    _core("Event", "events", "ev"),
    _core("Namespace", "namespaces", "ns", namespaced=False, subresources=("finalize", "status")),
    _core("Node", "nodes", "no", namespaced=False, subresources=("status",)),
    _core("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", subresources=("status",)),
    _core("PersistentVolume", "persistentvolumes", "pv", namespaced=False, subresources=("status",)),
    _core("Pod", "pods", "po", subresources=_POD_SUBRESOURCES, categories=("all",)),
    _core("Secret", "secrets"),
    _core("ServiceAccount", "serviceaccounts", "sa", subresources=("token",)),
    _core("Service", "services", "svc", subresources=("status",), categories=("all",)),
    _core("StatefulSet", "statefulsets", "sts", group="apps", subresources=("scale", "status"), categories=("all",)),
    _core("ControllerRevision", "controllerrevisions", group="apps"),
    _core("Event", "events", "ev", group="events.k8s.io", store="/events"),
    _core("Lease", "leases", group="coordination.k8s.io"),
    _core("EndpointSlice", "endpointslices", group="discovery.k8s.io"),
    _core("StorageClass", "storageclasses", "sc", group="storage.k8s.io", namespaced=False),
    _core("PodDisruptionBudget", "poddisruptionbudgets", "pdb", group="policy", subresources=("status",)),
    _core("NetworkPolicy", "networkpolicies", "netpol", group="networking.k8s.io"),
    _core("Role", "roles", group="rbac.authorization.k8s.io"),
    _core("RoleBinding", "rolebindings", group="rbac.authorization.k8s.io"),
    _core("ClusterRole", "clusterroles", group="rbac.authorization.k8s.io", namespaced=False),
    _core("ClusterRoleBinding", "clusterrolebindings", group="rbac.authorization.k8s.io", namespaced=False),
    _core(
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        group="admissionregistration.k8s.io",
        namespaced=False,
        categories=("api-extensions",),
    ),
    _core(
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        group="admissionregistration.k8s.io",
        namespaced=False,
        categories=("api-extensions",),
    ),
    _core(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        group="apiextensions.k8s.io",
        namespaced=False,
        subresources=("status",),
        categories=("api-extensions",),
    ),
)

NAMESPACES = next(resource for resource in BUILTIN if resource.plural == "namespaces")
CRDS = next(resource for resource in BUILTIN if resource.plural == "customresourcedefinitions")


class Registry:
    """Everything served now: the table plus the established custom resources."""

    def __init__(self) -> None:
        self._served = {(resource.group, resource.version, resource.plural): resource for resource in BUILTIN}
        self.revision = 0

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of a path, or None."""
        return self._served.get((group, version, plural))

    def all(self) -> list[Resource]:
        """All resources, in the order in which they were added."""
        return list(self._served.values())

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of an object's apiVersion and kind (owner references, restore), or None."""
        return next((item for item in self._served.values() if item.kind == kind and item.api_version == api_version), None)

    def replace(self, group: str, plural: str, resources: tuple[Resource, ...]) -> None:
        """Serve these versions of a custom resource, and no others."""
        self._served = {key: value for key, value in self._served.items() if (key[0], key[2]) != (group, plural)}
        for resource in resources:
            self._served[(resource.group, resource.version, resource.plural)] = resource
        self.revision += 1
