"""Rules about who may do what, which the API server keeps by itself: ValidatingAdmissionPolicies with their bindings, as JSON.

Why policies: writes of a status, of a backup, and execs do not pass the webhook, and must not depend on the operator being up. They
are installed by an administrator with the operator and are outside the operator's own rights, so whoever steals its token cannot
lift them. Source: security-observability.md 2.1; spec/kubedirector-api.md F1, F9 and section 2.9 (C1).
"""

from __future__ import annotations

from typing import Any

from kdasync.render import keys

Json = dict[str, Any]

_PREFIX = "kdasync"


def manifests(*, operators: tuple[str, ...], enrolled: str = "") -> tuple[Json, ...]:
    """Every policy, each followed by its binding.

    Args:
        operators: user names of operators: kdasync's, and KubeDirector's during a migration.
        enrolled: label that a namespace must carry for execs; empty: any namespace.
    """
    made = (_status(operators), _backups(operators), _restores(), _execs(operators, enrolled))
    return tuple(item for policy in made for item in (policy, _binding(policy)))


def _policy(name: str, rules: list[Json], *validations: tuple[str, str], conditions: tuple[tuple[str, str], ...] = ()) -> Json:
    spec: Json = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": rules},
        "validations": [{"expression": expression, "message": message} for expression, message in validations],
    }
    if conditions:
        spec["matchConditions"] = [{"name": title, "expression": expression} for title, expression in conditions]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"{_PREFIX}-{name}"},
        "spec": spec,
    }


def _binding(policy: Json) -> Json:
    name = policy["metadata"]["name"]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }


def _rule(resources: list[str], operations: list[str], *, group: str = keys.GROUP, version: str = "v1beta1") -> Json:
    return {"apiGroups": [group], "apiVersions": [version], "resources": resources, "operations": operations}


def _one_of(operators: tuple[str, ...]) -> str:
    return f"request.userInfo.username in [{', '.join(repr(name) for name in operators)}]"


def _may(verb: str, resource: str) -> str:
    return (
        f"authorizer.group('{keys.GROUP}').resource('{resource}').namespace(request.namespace)"
        f".name(request.name).check('{verb}').allowed()"
    )


def _status(operators: tuple[str, ...]) -> Json:
    message = "status: only the operator writes it. Change spec instead."
    rules = [_rule(["kubedirectorclusters/status", "kubedirectorconfigs/status"], ["UPDATE"])]
    return _policy("status", rules, (_one_of(operators), message))


def _backups(operators: tuple[str, ...]) -> Json:
    message = "spec.statusBackup: only the operator, or who may `restore` kubedirectorstatusbackups, writes it."
    rules = [_rule(["kubedirectorstatusbackups"], ["CREATE", "UPDATE"])]
    return _policy("backups", rules, (f"{_one_of(operators)} || {_may('restore', 'kubedirectorstatusbackups')}", message))


def _restores() -> Json:
    labels = "(has(oldObject.metadata.labels) ? oldObject.metadata.labels : {})"
    expression = f"!('{keys.RESTORING}' in {labels}) || '{keys.ALLOW_DELETE_WHILE_RESTORING}' in {labels}"
    message = f"the cluster is being restored. To delete it all the same, set the label {keys.ALLOW_DELETE_WHILE_RESTORING} first."
    return _policy("restores", [_rule(["kubedirectorclusters"], ["DELETE"])], (expression, message))


def _execs(operators: tuple[str, ...], enrolled: str) -> Json:
    fence = [
        ("request.subResource == 'exec'", "the operator neither attaches nor forwards ports."),
        ("!has(object.tty) || !object.tty", "the operator needs no terminal."),
        (f"has(object.container) && object.container == '{keys.APP_CONTAINER}'", "the operator works in the container `app` only."),
    ]
    if enrolled:
        labels = "has(namespaceObject.metadata.labels)"
        fence.append((f"{labels} && '{enrolled}' in namespaceObject.metadata.labels", f"the namespace lacks the label {enrolled}."))
    rules = [_rule(["pods/exec", "pods/attach", "pods/portforward"], ["CONNECT"], group="", version="v1")]
    return _policy("execs", rules, *fence, conditions=(("operators", _one_of(operators)),))
