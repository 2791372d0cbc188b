"""No reachable state breaks a rule or is a trap; everything in the tables comes up; the model is the operator."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from kdasync.cli.explore import command
from kdasync.explore.explore import Explorer, explorer
from kdasync.explore.report import Report

Walked = tuple[Explorer, dict[str, Report]]


@pytest.mark.parametrize("model", ["one", "small"])
def test_nothing_reachable_breaks_a_rule_or_leads_nowhere(walked: Walked, model: str) -> None:
    report = walked[1][model]
    assert report.findings == (), str(report)
    assert report.states > 500


def test_every_edge_and_every_guard_comes_up(walked: Walked) -> None:
    report = walked[0].coverage()
    assert report.findings == (), str(report)


def test_a_walk_that_is_too_short_is_told_so() -> None:
    walks = explorer(time.monotonic, stale=False)
    walks.run("small")
    assert any("never fires" in finding.situation for finding in walks.coverage().findings)


def test_the_model_says_what_the_operator_says(walked: Walked) -> None:
    report = walked[0].conform(every=9)
    assert report.findings == (), str(report)
    assert report.states > 100_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_models_complete() -> None:
    result = CliRunner().invoke(command, ["--model", "all", "--deep"])
    assert result.exit_code == 0, result.output
    assert "two-by-three" in result.output
    assert "three-by-two" in result.output
