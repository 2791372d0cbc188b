"""What the operator knows of each kind: where it lives in the API and which struct reads it.

Why a value and not a client class per kind: every verb is the same for every kind, so the kinds are data.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from kdasync.api import app, cluster, config, meta, workloads
from kdasync.errors import BadRequest
from kdasync.kube import wire

T = TypeVar("T")


def _segment(text: str) -> str:
    """A path segment, by the API server's own rule (`IsValidPathSegmentName`): a user's name must not leave its collection."""
    if not text or text in {".", ".."} or "/" in text or "%" in text:
        raise BadRequest(400, "BadRequest", f"{text!r} cannot be the name of an object. Correct the name.")
    return text


class Resource(msgspec.Struct, Generic[T], frozen=True):
    """A kind of object.

    Attributes:
        group: API group, empty for core.
        version: API version, e.g. `v1`.
        plural: name of the collection in the path.
        kind: as in `kind:` of a manifest.
        type: struct that its JSON decodes into.
        namespaced: False for cluster-scoped kinds.
    """

    group: str
    version: str
    plural: str
    kind: str
    type: type[T]
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As in `apiVersion:` of a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def collection_path(self, namespace: str = "") -> str:
        """Path of the collection in one namespace, or in all if `namespace` is empty.

        Raises:
            BadRequest: the namespace cannot be a path segment.
        """
        root = "/apis" if self.group else "/api"
        scope = f"/namespaces/{_segment(namespace)}" if namespace and self.namespaced else ""
        return f"{root}/{self.api_version}{scope}/{self.plural}"

    def path(self, namespace: str, name: str, subresource: str = "") -> str:
        """Path of one object, or of its subresource, e.g. `status`.

        Raises:
            BadRequest: the name cannot be a path segment.
        """
        tail = f"/{subresource}" if subresource else ""
        return f"{self.collection_path(namespace)}/{_segment(name)}{tail}"


_KUBEDIRECTOR = ("kubedirector.hpe.com", "v1beta1")

CLUSTERS = Resource(*_KUBEDIRECTOR, "kubedirectorclusters", "KubeDirectorCluster", cluster.KubeDirectorCluster)
APPS = Resource(*_KUBEDIRECTOR, "kubedirectorapps", "KubeDirectorApp", app.KubeDirectorApp)
CONFIGS = Resource(*_KUBEDIRECTOR, "kubedirectorconfigs", "KubeDirectorConfig", config.KubeDirectorConfig)
STATUS_BACKUPS = Resource(*_KUBEDIRECTOR, "kubedirectorstatusbackups", "KubeDirectorStatusBackup", cluster.KubeDirectorStatusBackup)
PODS = Resource("", "v1", "pods", "Pod", workloads.Pod)
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet", workloads.StatefulSet)
SERVICES = Resource("", "v1", "services", "Service", workloads.Service)
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", workloads.Claim)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", workloads.ConfigMap)
SECRETS = Resource("", "v1", "secrets", "Secret", workloads.Secret)
STORAGE_CLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", meta.Object, namespaced=False)
EVENTS = Resource("events.k8s.io", "v1", "events", "Event", wire.Event)
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease", wire.Lease)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", meta.Object, namespaced=False)
DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", wire.Definition, namespaced=False
)
