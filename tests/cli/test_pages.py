"""What is generated is what is committed, and it says something about every state."""

from __future__ import annotations

from pathlib import Path

from kdasync.cli.pages import pages, reasons
from statemachines.cluster import CLUSTER
from statemachines.member import MEMBER

DOCS = Path(__file__).parents[2] / "docs"


def test_committed_pages_are_current() -> None:
    for name, text in pages().items():
        assert (DOCS / name).read_text() == text, "run: make docs"


def test_every_state_with_a_reason_has_its_remedy_on_the_page() -> None:
    page = reasons()
    for built in (CLUSTER, MEMBER):
        for state in built.table.states:
            assert f"| `{state.id}` | {state.wire} |" in page
            if state.reason:
                assert f"`{state.reason}`" in page
                assert state.remedy.replace("<", "&lt;") in page
