"""The last word: a summary, or everything that helps to understand a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kdasync.cli.demo.board import Board, Mark
from kdasync.cli.demo.stage import Stage
from kdasync.cli.journal import history, show
from kdasync.errors import KdasyncError
from kdasync.telemetry.metrics import Metrics

_LINES = 30


def summary(board: Board, metrics: Metrics) -> str:
    """What was shown, in a few lines."""
    proven = sum(line.mark is Mark.PROVEN for line in board.steps)
    created = board.steps[0]
    execs, requests = _requests(metrics, only="exec"), _requests(metrics)
    return "\n".join(
        (
            f"{proven} of {len(board.steps)} steps proven by asking the app itself, in {board.elapsed:.1f} s",
            f"time to ready {created.seconds:.1f} s; {len(board.moves)} transitions; {execs} execs; {requests} API requests by the operator",
        )
    )


def _requests(metrics: Metrics, *, only: str = "") -> int:
    """Answers and failures of the operator's requests, of one verb or of all."""
    samples = (sample for family in metrics.registry.collect() for sample in family.samples)
    return sum(
        int(sample.value)
        for sample in samples
        if sample.name == "kdasync_api_requests_total" and only in {"", sample.labels["verb"]}
    )


async def explain(stage: Stage, error: BaseException, *, tell: Callable[[str], None]) -> None:
    """Everything at hand about a failed step."""
    tell(f"\nThis did not come true: {error}")
    try:
        for line in [*await _status(stage), *await _logs(stage), *await _history(stage)]:
            tell(line)
    except KdasyncError as trouble:
        tell(f"More cannot be said: {trouble}")


async def _status(stage: Stage) -> list[str]:
    status = (await stage.cluster()).status
    if status is None:
        return ["The cluster has no status yet: the operator has not seen it."]
    lines = ["\nConditions"]
    lines += [f"  {each.type}={each.status} {each.reason}: {each.message}" for each in status.conditions]
    lines.append("\nMembers")
    for role in status.roles:
        for member in role.members:
            lines.append(f"  {role.id} {member.pod}: {member.state}")
            lines += list(_details(member.state_detail.config_error_detail, member.state_detail.start_script_stderr_message))
    return lines


def _details(*texts: str | None) -> Iterator[str]:
    for text in texts:
        yield from (f"      {line}" for line in (text or "").splitlines())


async def _logs(stage: Stage) -> list[str]:
    lines = []
    for pod, text in (await stage.logs()).items():
        lines.append(f"\nLog of {pod}")
        lines += [f"  {line}" for line in text.splitlines()]
    return lines


async def _history(stage: Stage) -> list[str]:
    lines = await history(stage.client, stage.namespace, stage.name)
    return ["\nHistory", *(f"  {show(line)}" for line in lines[-_LINES:])]
