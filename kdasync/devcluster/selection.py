"""Which webhooks a request goes to: rules, scope, namespace and object selectors.

Source: apiserver `admission/plugin/webhook/predicates`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.plane import Call
from kdasync.devcluster.resources import NAMESPACES

Json = dict[str, Any]

_OWN_GROUP = "admissionregistration.k8s.io"  # a webhook must not lock out its own removal


def label_selected(selector: Json | None, labels: Json) -> bool:
    """True if a metav1.LabelSelector (empty: everything) selects these labels."""
    wanted = (selector or {}).get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression(item, labels) for item in (selector or {}).get("matchExpressions") or ())


def _expression(item: Json, labels: Json) -> bool:
    key, values = item["key"], item.get("values") or ()
    outcomes = {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return outcomes.get(item["operator"], False)


def _listed(values: Any, wanted: str) -> bool:
    return bool(values) and ("*" in values or wanted in values)


def _resource_listed(values: Any, plural: str, subresource: str) -> bool:
    names = (
        {"*/*", f"{plural}/{subresource}", f"{plural}/*", f"*/{subresource}"}
        if subresource
        else {"*", "*/*", plural, f"{plural}/*"}
    )
    return not names.isdisjoint(values or ())


def _rule_matches(call: Call, rule: Json, operation: str) -> bool:
    resource = call.resource
    scope = "Namespaced" if resource.namespaced else "Cluster"
    return (
        _listed(rule.get("operations"), operation)
        and _listed(rule.get("apiGroups"), resource.group)
        and _listed(rule.get("apiVersions"), resource.version)
        and _resource_listed(rule.get("resources"), resource.plural, call.subresource)
        and rule.get("scope", "*") in {"*", scope}
    )


def _labels(value: Json | None) -> Json:
    return ((value or {}).get("metadata") or {}).get("labels") or {}


def _namespace_labels(call: Call, value: Json | None) -> Json:
    if call.resource.plural == NAMESPACES.plural and not call.resource.group:
        return _labels(value)
    entry = call.storage.get(NAMESPACES.shelf, "", call.namespace)
    return _labels(entry.object) if entry else {}


def hooks(call: Call, shelf: str, *, operation: str, value: Json | None, old: Json | None) -> list[Json]:
    """The webhooks of all configurations on `shelf` that this request goes to, in order."""
    if call.resource.group == _OWN_GROUP:
        return []
    found = []
    for entry in call.storage.list(shelf):
        for hook in entry.object.get("webhooks") or ():
            selected = any(_rule_matches(call, rule, operation) for rule in hook.get("rules") or ())
            if selected and _selected(call, hook, value=value, old=old):
                found.append(hook)
    return found


def _selected(call: Call, hook: Json, *, value: Json | None, old: Json | None) -> bool:
    spaced = call.resource.namespaced or call.resource.plural == NAMESPACES.plural
    if spaced and not label_selected(hook.get("namespaceSelector"), _namespace_labels(call, value or old)):
        return False
    selector = hook.get("objectSelector")
    return any(item is not None and label_selected(selector, _labels(item)) for item in (value, old))
