"""The tables as Mermaid and SVG: drawn from the same data that runs, so a picture cannot lie.

Mermaid is for pages that render it, SVG for everything else. The SVG lays the states out in columns by their distance from the
initial state and draws one arrow for each pair of states, named by the triggers.
"""

from __future__ import annotations

from html import escape

from statemachines.machine import Table

_WIDTH, _HEIGHT = 150, 34
_GAP_X, _GAP_Y = 110, 40
_MARGIN = 30
_TIP = (
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
    '<path d="M0,0 L8,4 L0,8 z" fill="#567"/></marker></defs>'
)


def mermaid(table: Table, *, lit: str = "") -> str:
    """A `stateDiagram-v2`; `lit` is highlighted."""
    lines = ["stateDiagram-v2", f"    [*] --> {table.initial}"]
    lines += [f"    {source} --> {dest}: {' / '.join(triggers)}" for (source, dest), triggers in _arrows(table).items()]
    lines.append(f"    {table.final} --> [*]")
    if lit:
        lines += ["    classDef lit fill:#fd6,stroke:#a60,color:#000", f"    class {lit} lit"]
    return "\n".join(lines) + "\n"


def svg(table: Table, *, lit: str = "") -> str:
    """A self-contained picture."""
    places = _layout(table)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    body = [_arrow(places[source], places[dest], " / ".join(triggers)) for (source, dest), triggers in _arrows(table).items()]
    body += [_box(place, state, lit=state == lit) for state, place in places.items()]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f"<title>{escape(table.name)} machine</title>",
            _TIP,
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *body,
            "</svg>\n",
        )
    )


def _arrows(table: Table) -> dict[tuple[str, str], list[str]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for edge in table.edges:
        triggers = arrows.setdefault((edge.source, edge.dest), [])
        if edge.trigger not in triggers:
            triggers.append(edge.trigger)
    return arrows


def _layout(table: Table) -> dict[str, tuple[int, int]]:
    columns: dict[str, int] = {table.initial: 0}
    for source in (table.initial, *(state.id for state in table.states)):
        for edge in table.edges:
            if edge.source == source and source in columns:
                columns.setdefault(edge.dest, columns[source] + 1)
    columns[table.final] = max(columns.values()) + 1
    rows: dict[int, int] = {}
    places = {}
    for state in table.states:
        column = columns.get(state.id, 0)
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[state.id] = (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
    return places


def _box(place: tuple[int, int], state: str, *, lit: bool) -> str:
    x, y = place
    fill = "#fd6" if lit else "#eef3f8"
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="{fill}" stroke="#567"/>'
        f'<text x="{x + _WIDTH // 2}" y="{y + 21}" text-anchor="middle">{escape(state)}</text>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> str:
    forward = end[0] > start[0]
    x1 = start[0] + (_WIDTH if forward else _WIDTH // 2)
    x2 = end[0] if forward else end[0] + _WIDTH // 2
    y1 = start[1] + (_HEIGHT // 2 if forward else _HEIGHT)
    y2 = end[1] + (_HEIGHT // 2 if forward else _HEIGHT)
    bend = 0 if forward else _GAP_Y
    path = f"M{x1},{y1} C{(x1 + x2) // 2},{y1 + bend} {(x1 + x2) // 2},{y2 + bend} {x2},{y2}"
    middle = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 + bend // 2 - 3}"'
    return (
        f'<path d="{path}" fill="none" stroke="#567" stroke-opacity="0.6" marker-end="url(#tip)"/>'
        f'<text {middle} text-anchor="middle" font-size="8" fill="#345">{escape(label)}</text>'
    )
