"""Rules in CEL, and the bounds that keep their cost below what the API server allows; and a CRD with both.

Why beside the webhook: they hold with the operator down. Why bounds: the server estimates the cost of an expression from the longest
lists and texts that the schema admits, and refuses a CRD that could become too dear. The bounds are far above what anybody has.
Source: Kubernetes documentation, "CustomResourceDefinition validation rules".
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kdasync.admission.rule import Expression, Rule

Json = dict[str, Any]

_ROLES: Final = 100
_BOUNDS: Final = {
    "app": {
        "spec.roles": {"maxItems": _ROLES},
        "spec.services": {"maxItems": 200},
        "spec.config.selectedRoles": {"maxItems": _ROLES},
        "spec.config.selectedRoles[]": {"maxLength": 63},
    },
    "cluster": {
        "spec.app": {"maxLength": 253},
        "spec.roles": {"maxItems": _ROLES},
    },
}


def _unique(path: str, key: str) -> str:
    return f"{path}.all(one, {path}.exists_one(other, other.{key} == one.{key}))"


DUPLICATE: Final = (
    Expression("app", "spec", _unique("self.roles", "id"), "Give each role once."),
    Expression("app", "spec.services", _unique("self", "id"), "Give each service once."),
    Expression("cluster", "spec.roles", _unique("self", "id"), "Give each role once."),
)
UNKNOWN_REFERENCE: Final = (
    Expression(
        "app",
        "spec",
        "self.config.selectedRoles.all(name, self.roles.exists(role, role.id == name))",
        "Select roles that the app defines.",
    ),
)
TERMINAL: Final = (
    Expression(
        "app",
        "spec.roles[].containerSpec",
        "!has(self.tty) || !self.tty || (has(self.stdin) && self.stdin)",
        "Set stdin to true as well.",
    ),
)
SCHEME: Final = (
    Expression(
        "app",
        "spec.services[].endpoint",
        "!has(self.isDashboard) || !self.isDashboard || (has(self.urlScheme) && self.urlScheme != '')",
        "Set urlScheme, for example to http.",
    ),
)
NAME: Final = (Expression("cluster", "", "size(self.metadata.name) <= 63", "Use a name of at most 63 characters."),)
TOO_MANY: Final = (
    Expression(
        "cluster",
        "spec.roles",
        "self.map(role, has(role.members) ? role.members : 0).sum() <= 1000",
        "Ask for at most 1000 members in all roles together.",
    ),
)
IMMUTABLE: Final = (
    Expression("cluster", "spec", "self.app == oldSelf.app", "Create a new cluster for another app."),
    Expression(
        "cluster",
        "spec",
        "!has(oldSelf.appCatalog) || (has(self.appCatalog) && self.appCatalog == oldSelf.appCatalog)",
        "Create a new cluster for an app of another catalog.",
    ),
)


def with_rules(definition: Json, rules: Iterable[Rule]) -> Json:
    """A CustomResourceDefinition with the expressions of its kind."""
    made = copy.deepcopy(definition)
    kind = str(made["spec"]["names"]["kind"]).removeprefix("KubeDirector").lower()
    for version in made["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        for path, bounds in _BOUNDS.get(kind, {}).items():
            _at(schema, path).update(bounds)
        for rule, entry in _of(kind, rules):
            validation = {"rule": entry.holds, "message": f"{rule.about} {entry.remedy}", "reason": "FieldValueInvalid"}
            _at(schema, entry.at).setdefault("x-kubernetes-validations", []).append(validation)
    return made


def _of(kind: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Expression]]:
    return ((rule, entry) for rule in rules for entry in rule.cel if entry.kind == kind)


def _at(schema: Json, path: str) -> Json:
    for step in path.split(".") if path else ():
        name, items, _ = step.partition("[]")
        schema = schema["properties"][name]
        if items:
            schema = schema["items"]
    return schema
