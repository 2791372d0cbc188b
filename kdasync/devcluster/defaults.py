"""What the real server fills into the built-in kinds. Source: kubernetes `pkg/apis/*/v1/defaults.go`; checked against golden records."""

from __future__ import annotations

import base64
from typing import Any

from kdasync.devcluster.quantity import canonical
from kdasync.devcluster.status import bad_request

Json = dict[str, Any]


def _quantities(resources: Json) -> None:
    for field in ("limits", "requests"):
        values = resources.get(field)
        if isinstance(values, dict):
            for key, value in values.items():
                values[key] = canonical(str(value))
    for key, value in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(key, value)


def _probe(probe: Json) -> None:
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(key, value)
    if "httpGet" in probe:
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def _pull_policy(image: str) -> str:
    tag = image.rpartition("/")[2]
    if "@" in tag:
        return "IfNotPresent"
    return "Always" if ":" not in tag or tag.endswith(":latest") else "IfNotPresent"


def _container(container: Json) -> None:
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image", "")))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    _quantities(container.setdefault("resources", {}))
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for env in container.get("env") or ():
        reference = (env.get("valueFrom") or {}).get("fieldRef")
        if reference:
            reference.setdefault("apiVersion", "v1")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe):
            _probe(container[probe])


_MODES = ("secret", "configMap", "downwardAPI", "projected")


def _volume(volume: Json) -> None:
    if not any(key != "name" for key in volume):
        volume["emptyDir"] = {}
    for kind in _MODES:
        if isinstance(volume.get(kind), dict):
            volume[kind].setdefault("defaultMode", 420)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
    for source in (volume.get("projected") or {}).get("sources") or ():
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    size = (volume.get("emptyDir") or {}).get("sizeLimit")
    if size is not None:
        volume["emptyDir"]["sizeLimit"] = canonical(str(size))


def pod_spec(spec: Json) -> None:
    """A PodSpec, in a pod or in a template."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            _container(container)
    for volume in spec.get("volumes") or ():
        _volume(volume)


def pod(value: Json) -> None:
    """Pod."""
    spec = value.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)


def claim(value: Json) -> None:
    """PersistentVolumeClaim, also in a StatefulSet's template."""
    value.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    value.setdefault("status", {}).setdefault("phase", "Pending")
    resources = value["spec"].get("resources") or {}
    for field in ("requests", "limits"):
        for key, size in (resources.get(field) or {}).items():
            resources[field][key] = canonical(str(size))


def volume(value: Json) -> None:
    """PersistentVolume."""
    spec = value.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    value.setdefault("status", {}).setdefault("phase", "Pending")


def stateful_set(value: Json) -> None:
    """StatefulSet."""
    spec = value.setdefault("spec", {})
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))
    for item in spec.get("volumeClaimTemplates") or ():
        item.setdefault("apiVersion", "v1")
        item.setdefault("kind", "PersistentVolumeClaim")
        claim(item)


_EXTERNAL = frozenset({"NodePort", "LoadBalancer"})


def service(value: Json) -> None:
    """Service, but for what is allocated."""
    spec = value.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind in _EXTERNAL:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    value.setdefault("status", {}).setdefault("loadBalancer", {})


def _decodable(text: str) -> None:
    try:
        base64.b64decode(text, validate=True)
    except ValueError as error:
        bad = next((index for index, char in enumerate(text) if not char.isalnum() and char not in "+/="), len(text) // 4 * 4)
        place = f"illegal base64 data at input byte {bad}"
        raise bad_request(f'Secret in version "v1" cannot be handled as a Secret: {place}') from error


def secret(value: Json) -> None:
    """Secret: stringData becomes data.

    Raises:
        Failure: 400, data is no base64.
    """
    for text in (value.get("data") or {}).values():
        _decodable(str(text))
    for key, text in (value.pop("stringData", None) or {}).items():
        value.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
    value.setdefault("type", "Opaque")


def event(value: Json) -> None:
    """Event: what Go writes also when it is empty."""
    value.setdefault("source", {})
    for field in ("firstTimestamp", "lastTimestamp", "eventTime"):
        value.setdefault(field, None)
    for field in ("reportingComponent", "reportingInstance"):
        value.setdefault(field, "")


def network_policy(value: Json) -> None:
    """NetworkPolicy: its types follow from its rules."""
    spec = value.setdefault("spec", {})
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if spec.get("egress") else [])])


def namespace(value: Json) -> None:
    """Namespace."""
    value["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = value["metadata"].get("name", "")


def storage_class(value: Json) -> None:
    """StorageClass."""
    value.setdefault("reclaimPolicy", "Delete")
    value.setdefault("volumeBindingMode", "Immediate")


def webhooks(value: Json) -> None:
    """Both kinds of webhook configuration."""
    mutating = value["kind"] == "MutatingWebhookConfiguration"
    for hook in value.get("webhooks") or ():
        for key, default in (("failurePolicy", "Fail"), ("matchPolicy", "Equivalent"), ("timeoutSeconds", 10)):
            hook.setdefault(key, default)
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        if mutating:
            hook.setdefault("reinvocationPolicy", "Never")
        for rule in hook.get("rules") or ():
            rule.setdefault("scope", "*")
        if not (hook.get("clientConfig") or {}).get("caBundle", "x"):
            del hook["clientConfig"]["caBundle"]
        if "service" in (hook.get("clientConfig") or {}):
            hook["clientConfig"]["service"].setdefault("port", 443)
