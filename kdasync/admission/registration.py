"""How the API server comes to ask us: two webhook configurations, as JSON.

The mutating one keeps KubeDirector's name, so that a takeover replaces it and nobody is asked twice. Deletes of clusters are not
sent here: with the operator down a cluster must still go. Deletes of apps and of the config are, and fail closed; `BYPASS` on the
object is the way out, for whom RBAC allows the verb `bypass`, and it works with the operator down, as the API server itself looks at
it. Writes of the operator itself and writes that touch neither spec nor metadata that matters are left out, so they never wait.
Source: admissionregistration.k8s.io/v1; spec/kubedirector-api.md sections 2.1 to 2.3.
"""

from __future__ import annotations

import base64
from typing import Any

from kdasync.admission.handle import MUTATE, VALIDATE
from kdasync.admission.review import BYPASS, BYPASS_VERB
from kdasync.render import keys

Json = dict[str, Any]

NAME = "kubedirector-webhook"  # of both configurations; KubeDirector's
SERVICE = "kubedirector-validator"
SELECTOR = {"app.kubernetes.io/name": "kdasync"}  # labels of the operator's pods
TIMEOUT = 5  # seconds
PORT = 8443
_KINDS = ("kubedirectorapps", "kubedirectorclusters", "kubedirectorconfigs")
_CHANGED = (
    "request.operation != 'UPDATE' || !has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec"
    " || (has(object.metadata.labels) ? object.metadata.labels : {}) != (has(oldObject.metadata.labels) ? oldObject.metadata.labels : {})"
)
_NOT_BYPASSED = (
    f"!((request.operation == 'DELETE' ? oldObject : object).metadata.?annotations[?'{BYPASS}'].orValue('') == 'true'"
    f" && authorizer.group('{keys.GROUP}').resource(request.resource.resource)"
    f".namespace(request.namespace).name(request.name).check('{BYPASS_VERB}').allowed())"
)


def manifests(*, namespace: str, bundle: bytes) -> tuple[Json, ...]:
    """Both configurations.

    Args:
        namespace: the operator's.
        bundle: PEM certificates of the authorities that the server's certificate may come from.
    """
    return (_mutating(namespace, bundle), _validating(namespace, bundle))


def service() -> Json:
    """The service that the API server calls, over all replicas of the operator that are ready."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "labels": {"webhook": "kubedirector"}},
        "spec": {"selector": SELECTOR, "ports": [{"name": "webhook", "port": 443, "protocol": "TCP", "targetPort": PORT}]},
    }


def _mutating(namespace: str, bundle: bytes) -> Json:
    own = _hook("defaults.kubedirector.hpe.com", MUTATE, namespace, bundle)
    claims = _hook("claims.kubedirector.hpe.com", MUTATE, namespace, bundle)
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [
            {**own, "rules": [_rule(_KINDS, "CREATE", "UPDATE")]},
            {
                **claims,
                "failurePolicy": "Ignore",
                "objectSelector": {"matchExpressions": [{"key": keys.CLUSTER, "operator": "Exists"}]},
                "matchConditions": [],
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "resources": ["persistentvolumeclaims"],
                        "operations": ["CREATE"],
                        "scope": "Namespaced",
                    }
                ],
            },
        ],
    }


def _validating(namespace: str, bundle: bytes) -> Json:
    rules = [_rule(_KINDS, "CREATE", "UPDATE"), _rule(("kubedirectorapps", "kubedirectorconfigs"), "DELETE")]
    hook = _hook("rules.kubedirector.hpe.com", VALIDATE, namespace, bundle)
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [{**hook, "rules": rules}],
    }


def _hook(name: str, path: str, namespace: str, bundle: bytes) -> Json:
    return {
        "name": name,
        "clientConfig": {
            "service": {"namespace": namespace, "name": SERVICE, "path": path, "port": 443},
            "caBundle": base64.b64encode(bundle).decode(),
        },
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": TIMEOUT,
        "matchConditions": [
            {"name": "changed", "expression": _CHANGED},
            {"name": "not-bypassed", "expression": _NOT_BYPASSED},
        ],
    }


def _rule(resources: tuple[str, ...], *operations: str) -> Json:
    return {
        "apiGroups": [keys.GROUP],
        "apiVersions": ["v1beta1"],
        "resources": list(resources),
        "operations": list(operations),
        "scope": "Namespaced",
    }
