"""The picture of the flow: what happens between an event of the API server and the next request to it. Pure."""

from __future__ import annotations

from html import escape

_WIDTH, _HEIGHT, _GAP, _MARGIN = 150, 62, 34, 24
_TIP = (
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
    '<path d="M0,0 L8,4 L0,8 z" fill="#567"/></marker></defs>'
)
_ROWS = (
    (
        ("API server", "watch events", "real or embedded"),
        ("kube/watch", "bytes become", "typed objects"),
        ("store", "one per kind,", "indexed"),
        ("workqueue", "one key per cluster,", "one worker at a time"),
        ("reconcile/observe", "stores become one", "frozen snapshot"),
    ),
    (
        ("kube/client, exec", "idempotent calls,", "bounded, retried"),
        ("reconcile/jobs", "long guest work;", "its end wakes the key"),
        ("reconcile/perform", "acts on what", "was committed"),
        ("reconcile/commit", "memory first:", "commit, then act"),
        ("reconcile/decide", "statemachines.step:", "pure, one table"),
    ),
)


def flow() -> str:
    """A self-contained SVG: the upper row from left to right, the lower one back."""
    width = _MARGIN * 2 + 5 * _WIDTH + 4 * _GAP
    height = _MARGIN * 2 + 2 * _HEIGHT + 2 * _GAP
    body = [_box(_place(row, column), texts) for row, boxes in enumerate(_ROWS) for column, texts in enumerate(boxes)]
    body += [_across(0, column, column + 1) for column in range(4)] + [_across(1, column + 1, column) for column in range(4)]
    body += [_down(4, 0, 1), _down(0, 1, 0)]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            "<title>From an event to the next request</title>",
            _TIP,
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *body,
            "</svg>\n",
        )
    )


def _place(row: int, column: int) -> tuple[int, int]:
    return _MARGIN + column * (_WIDTH + _GAP), _MARGIN + row * (_HEIGHT + 2 * _GAP)


def _box(place: tuple[int, int], texts: tuple[str, str, str]) -> str:
    x, y = place
    middle = x + _WIDTH // 2
    lines = (
        f'<text x="{middle}" y="{y + 20 + 16 * number}" text-anchor="middle" font-weight="{weight}">{escape(text)}</text>'
        for number, (text, weight) in enumerate(zip(texts, ("bold", "normal", "normal"), strict=True))
    )
    return f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#eef3f8" stroke="#567"/>' + "".join(lines)


def _across(row: int, start: int, end: int) -> str:
    (x1, y), (x2, _) = _place(row, start), _place(row, end)
    forward = start < end
    return _line(x1 + (_WIDTH if forward else 0), y + _HEIGHT // 2, x2 + (0 if forward else _WIDTH), y + _HEIGHT // 2)


def _down(column: int, start: int, end: int) -> str:
    (x, y1), (_, y2) = _place(start, column), _place(end, column)
    forward = start < end
    return _line(x + _WIDTH // 2, y1 + (_HEIGHT if forward else 0), x + _WIDTH // 2, y2 + (0 if forward else _HEIGHT))


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<path d="M{x1},{y1} L{x2},{y2}" fill="none" stroke="#567" marker-end="url(#tip)"/>'
