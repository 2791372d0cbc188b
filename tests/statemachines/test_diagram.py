"""The diagrams in docs are drawn from the tables and are those of today."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from statemachines.cluster import CLUSTER
from statemachines.diagram import mermaid, svg
from statemachines.machine import Built
from statemachines.member import MEMBER

DOCS = Path(__file__).parents[2] / "docs" / "machines"


@pytest.mark.parametrize("built", [CLUSTER, MEMBER], ids=lambda built: built.table.name)
def test_the_committed_diagram_is_current(built: Built) -> None:
    assert (DOCS / f"{built.table.name}.mmd").read_text() == mermaid(built.table), "run: make docs"
    assert (DOCS / f"{built.table.name}.svg").read_text() == svg(built.table), "run: make docs"


@pytest.mark.parametrize("built", [CLUSTER, MEMBER], ids=lambda built: built.table.name)
def test_the_svg_is_well_formed_and_shows_every_state(built: Built) -> None:
    root = ET.fromstring(svg(built.table, lit=built.table.initial))  # noqa: S314 - our own text
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {state.id for state in built.table.states} <= texts
