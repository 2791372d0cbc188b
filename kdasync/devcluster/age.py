"""Durations as kubectl shows them. Source: apimachinery `util/duration`."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
# below this many seconds: (big unit, its letter, small unit, its letter or "" to leave it out)
_STEPS = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def human(seconds: float) -> str:
    """E.g. `95s`, `3m10s`, `2d4h`."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    for limit, big, letter, small, tail in _STEPS:
        if whole < limit:
            rest = (whole % big) // small if small else 0
            return f"{whole // big}{letter}" + (f"{rest}{tail}" if rest else "")
    return f"{whole // _YEAR}y"


def since(timestamp: object, now: float) -> str:
    """The age of an RFC 3339 time at Unix time `now`."""
    if not isinstance(timestamp, str) or not timestamp:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(timestamp)
    except ValueError:
        return "<invalid>"
    return human(now - then.timestamp())
