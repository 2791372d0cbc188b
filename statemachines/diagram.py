"""The tables as Mermaid and SVG: drawn from the same data that runs, so a picture cannot lie.

Mermaid is for pages that render it, SVG for everything else. The SVG lays the states out in columns by their distance from the
initial state and draws one arrow for each pair of states, named by the triggers.
"""

from __future__ import annotations

from html import escape

from statemachines.machine import Table

_WIDTH, _HEIGHT = 150, 34
_GAP_X, _GAP_Y = 130, 110
_MARGIN = 30
_LINE = 18
_MANY = 5  # states that one trigger leaves, from which on it is told, not drawn
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
    """A self-contained picture. A trigger that leaves many states is told in a line below instead of drawn from each."""
    places = _layout(table)
    common = _common(table)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    bottom = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    height = bottom + _LINE * len(common) + (_MARGIN if common else 0)
    drawn = _arrows(table, without=frozenset(common))
    body = [_arrow(places[source], places[dest], " / ".join(triggers)) for (source, dest), triggers in drawn.items()]
    body += [_box(place, state, lit=state == lit) for state, place in places.items()]
    body += [_note(bottom + _LINE * row, trigger, *common[trigger]) for row, trigger in enumerate(common, start=1)]
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


def _common(table: Table) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Triggers that leave at least `_MANY` states: their sources and destinations, in table order."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for trigger in dict.fromkeys(edge.trigger for edge in table.edges):
        edges = [edge for edge in table.edges if edge.trigger == trigger]
        sources = tuple(dict.fromkeys(edge.source for edge in edges))
        if len(sources) >= _MANY:
            found[trigger] = (sources, tuple(dict.fromkeys(edge.dest for edge in edges)))
    return found


def _note(y: int, trigger: str, sources: tuple[str, ...], dests: tuple[str, ...]) -> str:
    text = f"{trigger}: from {', '.join(sources)} to {' or '.join(dests)}"
    return f'<text x="{_MARGIN}" y="{y}" font-size="11" fill="#345">{escape(text)}</text>'


def _arrows(table: Table, *, without: frozenset[str] = frozenset()) -> dict[tuple[str, str], list[str]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for edge in table.edges:
        if edge.trigger in without:
            continue
        triggers = arrows.setdefault((edge.source, edge.dest), [])
        if edge.trigger not in triggers:
            triggers.append(edge.trigger)
    return arrows


def _layout(table: Table) -> dict[str, tuple[int, int]]:
    columns = table.columns or _by_distance(table)
    tallest = max(len(column) for column in columns)
    return {
        state: (
            _MARGIN + index * (_WIDTH + _GAP_X),
            _MARGIN + row * (_HEIGHT + _GAP_Y) + (tallest - len(column)) * (_HEIGHT + _GAP_Y) // 2,
        )
        for index, column in enumerate(columns)
        for row, state in enumerate(column)
    }


def _by_distance(table: Table) -> tuple[tuple[str, ...], ...]:
    distance: dict[str, int] = {table.initial: 0}
    for source in (table.initial, *(state.id for state in table.states)):
        for edge in table.edges:
            if edge.source == source and source in distance:
                distance.setdefault(edge.dest, distance[source] + 1)
    distance[table.final] = max(distance.values()) + 1
    count = distance[table.final] + 1
    return tuple(tuple(state.id for state in table.states if distance.get(state.id, 0) == column) for column in range(count))


def _box(place: tuple[int, int], state: str, *, lit: bool) -> str:
    x, y = place
    fill = "#fd6" if lit else "#eef3f8"
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="{fill}" stroke="#567"/>'
        f'<text x="{x + _WIDTH // 2}" y="{y + 21}" text-anchor="middle">{escape(state)}</text>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> str:
    """A curve; its label lies nearer to its begin, so that arrows which meet keep their names apart."""
    (x1, y1), (x2, y2), bend = _ends(start, end)
    path = f"M{x1},{y1} C{(x1 + x2) // 2 + bend},{y1 + bend} {(x1 + x2) // 2 + bend},{y2 + bend} {x2},{y2}"
    middle = f'x="{(2 * x1 + x2) // 3 + bend // 2}" y="{(2 * y1 + y2) // 3 + bend // 2 - 4}"'
    return (
        f'<path d="{path}" fill="none" stroke="#567" stroke-opacity="0.6" marker-end="url(#tip)"/>'
        f'<text {middle} text-anchor="middle" font-size="9" fill="#345">{escape(label)}</text>'
    )


def _ends(start: tuple[int, int], end: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Where an arrow leaves and arrives, and how far it is bent: forward from side to side, backward below, in a column aside."""
    middle = _HEIGHT // 2
    if end[0] > start[0]:
        return (start[0] + _WIDTH, start[1] + middle), (end[0], end[1] + middle), 0
    if end[0] == start[0] and end[1] > start[1]:
        return (start[0] + _WIDTH // 3, start[1] + _HEIGHT), (end[0] + _WIDTH // 3, end[1]), 0
    if end[0] == start[0]:
        return (start[0] + 2 * _WIDTH // 3, start[1]), (end[0] + 2 * _WIDTH // 3, end[1] + _HEIGHT), 0
    return (start[0] + _WIDTH // 4, start[1] + _HEIGHT), (end[0] + 3 * _WIDTH // 4, end[1] + _HEIGHT), _GAP_Y // 3
