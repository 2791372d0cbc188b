from __future__ import annotations

import pytest

from kdasync.cli.journal import Line, chosen, show, start
from kdasync.errors import DefinitionError

LINES = [
    Line(time="2026-01-01T10:00:00Z", trigger="accepted", source="new", dest="creating", asks=("begin",)),
    Line(
        time="2026-01-01T10:00:05Z", trigger="run_failed", source="configuring", dest="config_error", member="p-0", detail="exit 3"
    ),
    Line(time="2026-01-01T10:00:15Z", trigger="retry_due", source="config_error", dest="preparing", member="p-0", lasted=10, gap=2),
]


def test_a_member_s_lines_only() -> None:
    assert list(chosen(LINES, member="p-0", begin="")) == LINES[1:]


def test_lines_from_a_time_on() -> None:
    assert list(chosen(LINES, member="", begin="2026-01-01T10:00:05Z")) == LINES[1:]


@pytest.mark.parametrize(
    ("since", "begin"),
    [
        ("", ""),
        ("90s", "2027-01-15T07:58:30Z"),
        ("2h", "2027-01-15T06:00:00Z"),
        ("1d", "2027-01-14T08:00:00Z"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
    ],
)
def test_since_is_a_time_or_an_age(since: str, begin: str) -> None:
    assert start(since, now=1_800_000_000) == begin


@pytest.mark.parametrize("since", ["yesterday", "5", "m", "2026-01-01"])
def test_anything_else_is_refused_with_what_to_write(since: str) -> None:
    with pytest.raises(DefinitionError, match="90s, 15m, 2h, 1d"):
        start(since, now=0)


def test_a_line_says_when_who_what_and_why() -> None:
    assert show(LINES[0]) == "2026-01-01T10:00:00Z  cluster  new -> creating  accepted  after 0.0 s  [begin]"
    assert show(LINES[1]).endswith("configuring -> config_error  run_failed  after 0.0 s  exit 3")
    assert show(LINES[2]).startswith("(2 lines are missing) ")
