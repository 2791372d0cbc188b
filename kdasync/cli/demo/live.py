"""The demo as a picture that changes: steps, members with their states, and the newest transitions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kdasync.cli.demo.board import Board, Line, Mark

FRAME = 0.125  # seconds
MOVES = 10
_FRESH = 1.5  # seconds for which a new state is lit
_MARKS = {
    Mark.WAITING: ("  ", "dim"),
    Mark.RUNNING: ("> ", "bold yellow"),
    Mark.PROVEN: ("✓ ", "green"),
    Mark.FAILED: ("✗ ", "bold red"),
}
_GOOD, _BAD = {"configured"}, {"config_error", "degraded", "foreign_volume", "replacing"}


@asynccontextmanager
async def live(board: Board, console: Console) -> AsyncIterator[None]:
    """Redraw until the context ends; the last picture stays."""
    with Live(console=console, auto_refresh=False, get_renderable=lambda: picture(board)) as screen:
        task = asyncio.create_task(_redraw(screen))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            screen.refresh()


async def _redraw(screen: Live) -> None:
    while True:
        screen.refresh()
        await asyncio.sleep(FRAME)


def picture(board: Board) -> Group:
    """One frame."""
    lines = [Text(f"{board.note}", "dim")] if board.note else []
    return Group(*lines, _steps(board), _members(board), _moves(board))


def _steps(board: Board) -> Panel:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for line in board.steps:
        mark, style = _MARKS[line.mark]
        seconds = board.elapsed - line.begun if line.mark is Mark.RUNNING else line.seconds
        table.add_row(
            Text(mark, style), _title(line, style), Text(f"{seconds:.1f} s" if line.mark is not Mark.WAITING else "", "dim")
        )
    return Panel(table, title=f"kdasync demo  {board.elapsed:.0f} s", title_align="left", border_style="blue")


def _title(line: Line, style: str) -> Text:
    text = Text(line.title, style)
    if line.evidence:
        text.append(f"\n{line.evidence}", "default" if line.mark is Mark.PROVEN else "red")
    return text


def _members(board: Board) -> Panel:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("role", "pod", "state", "for"):
        table.add_column(name, no_wrap=True)
    for pod, member in sorted(board.members.items(), key=lambda item: (item[1].role, item[0])):
        seconds = board.elapsed - member.since
        table.add_row(member.role, pod, Text(member.state, _style(member.state, seconds)), Text(f"{seconds:.0f} s", "dim"))
    return Panel(table, title=f"members  (cluster: {board.cluster or '-'})", title_align="left")


def _style(state: str, seconds: float) -> str:
    color = "green" if state in _GOOD else "red" if state in _BAD else "yellow"
    return f"bold {color}" if seconds < _FRESH else color


def _moves(board: Board) -> Panel:
    table = Table.grid(padding=(0, 1))
    for move in board.moves[-MOVES:]:
        what = Text(f"{move.source} -> ").append(move.dest, "bold").append(f"  {move.trigger}", "dim")
        table.add_row(Text(f"{move.at:6.2f}", "dim"), move.role or "cluster", move.subject, what)
    return Panel(table, title=f"transitions  ({len(board.moves)})", title_align="left")
