"""Pages of the documentation that are made from the tables and the settings, so that they cannot lie. Pure."""

from __future__ import annotations

import msgspec

from kdasync.admission.page import page as rules
from kdasync.cli.flow import flow
from kdasync.cli.machines import TABLES
from kdasync.reconcile.conditions import REMEDIES
from kdasync.settings import Settings
from statemachines.diagram import mermaid, svg
from statemachines.machine import State, Table

_HEAD = """# States, reasons and remedies

Made from the tables in `statemachines/` by `make docs`; do not edit. A state that lasts longer than its limit, or that needs a
person, is told in the conditions `Ready`, `Reconciling` and `Stalled` of the cluster, with the reason and the remedy below.
The limit is a knob (`KDASYNC_...`), and each app can set its own per role (docs/apps.md).
"""
_MEMBERS = """
## What Kubernetes says of a pod

These words of the kubelet become the reason of the condition, with this remedy.

| reason | remedy |
|---|---|
"""


def pages() -> dict[str, str]:
    """Path below `docs/` -> text, of every generated page."""
    made = {"reasons.md": reasons(), "rules.md": rules(), "flow.svg": flow()}
    for name, table in TABLES.items():
        made[f"machines/{name}.mmd"] = mermaid(table)
        made[f"machines/{name}.svg"] = svg(table)
    return made


def reasons() -> str:
    """The page of states, reasons and remedies."""
    rows = "".join(f"| `{reason}` | {remedy} |\n" for reason, remedy in sorted(REMEDIES.items()))
    return _HEAD + "".join(_machine(table) for table in TABLES.values()) + _MEMBERS + rows


def _machine(table: Table) -> str:
    head = (
        f"\n## {table.name}\n\n![The {table.name} machine](machines/{table.name}.svg)\n\n"
        "| state | in `status` | waits until | limit | reason | remedy |\n|---|---|---|---|---|---|\n"
    )
    return head + "".join(_row(state) for state in table.states)


def _row(state: State) -> str:
    cells = (
        f"`{state.id}`",
        state.wire,
        state.waits,
        _limit(state.deadline),
        f"`{state.reason}`" if state.reason else "",
        state.remedy,
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |\n"


def _limit(deadline: str) -> str:
    if not deadline:
        return ""
    name = f"{deadline}_seconds"
    value = next(field.default for field in msgspec.structs.fields(Settings) if field.name == name)
    return f"{value:g} s"
