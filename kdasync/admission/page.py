"""`docs/rules.md` from the tables. Pure."""

from __future__ import annotations

from kdasync.admission import fields
from kdasync.admission.rule import MEANING, WHY, FieldClass, Home, Rule
from kdasync.admission.rules import RULES

_HEAD = """# Rules

Made from the tables in `kdasync/admission/` by `kdasync docs`; do not edit. Every refusal names the field and says what to do; its
word is the `reason` that `kdasync lint` prints and that a condition carries. What a stored object already violates never blocks an
update: it is told as a warning.

A hole (`F7`) is a fault of KubeDirector that the rule closes.
"""
_TITLES = {
    Home.SCHEMA: "Schema",
    Home.WEBHOOK: "Webhook",
    Home.POLICY: "Policies",
    Home.WARNING: "Warnings",
}
_EMERGENCY = """
## In an emergency

An object with the annotation `kdasync.io/bypass-admission: "true"` is let through if whoever writes it has the verb `bypass` on its
resource (`kubedirectorapps`, `kubedirectorclusters`, `kubedirectorconfigs`). The API server looks at both by itself, so it works with
the operator down. Nobody has that verb by default.
"""


def page() -> str:
    """The whole page."""
    tables = "".join(_home(home, [rule for rule in RULES if rule.home is home]) for home in Home)
    return _HEAD + tables + _expressions() + _fields() + _EMERGENCY


def _home(home: Home, rules: list[Rule]) -> str:
    head = f"\n## {_TITLES[home]}\n\n{WHY[home]}\n\n| rule | for | field | what holds | why here | closes |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        _row(f"`{rule.id}`", ", ".join(rule.kinds), rule.field, rule.about, rule.why, rule.hole) for rule in rules
    )


def _expressions() -> str:
    head = """
## As expressions

The same rules as `x-kubernetes-validations` of the CRDs, so that they hold with the operator down as well (`kdasync crds --rules`).

| rule | schema | expression |
|---|---|---|
"""
    return head + "".join(
        _row(f"`{rule.id}`", f"{entry.kind}: `{entry.at or 'root'}`", f"`{entry.holds}`") for rule in RULES for entry in rule.cel
    )


def _fields() -> str:
    kinds = (("KubeDirectorApp", fields.APP), ("KubeDirectorCluster", fields.CLUSTER), ("KubeDirectorConfig", fields.CONFIG))
    meaning = "".join(_row(f"`{change}`", text) for change, text in MEANING.items())
    head = f"\n## What a change means\n\n| class | what to do |\n|---|---|\n{meaning}"
    return head + "".join(_kind(kind, table) for kind, table in kinds)


def _kind(kind: str, table: tuple[FieldClass, ...]) -> str:
    head = f"\n### {kind}\n\nThe longest path that fits decides.\n\n| field | class | |\n|---|---|---|\n"
    return head + "".join(_row(f"`{entry.path}`", entry.change, entry.note) for entry in table)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
