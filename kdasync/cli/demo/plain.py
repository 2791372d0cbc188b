"""The demo as lines of text, for logs and pipes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kdasync.cli.demo.board import Board, Line, Mark, Move


@asynccontextmanager
async def plain(board: Board) -> AsyncIterator[None]:
    """Print each step and transition as it happens."""

    def moved(move: Move) -> None:
        subject = f"{move.role} {move.subject}".strip()
        print(f"{board.elapsed:7.2f}     {subject}: {move.source} -> {move.dest} ({move.trigger})", flush=True)

    def stepped(line: Line) -> None:
        print(f"{board.elapsed:7.2f} {describe(line)}", flush=True)

    board.moved, board.stepped = moved, stepped
    yield


def describe(line: Line) -> str:
    """A step as one line."""
    match line.mark:
        case Mark.PROVEN:
            return f" ok  {line.title}: {line.evidence} ({line.seconds:.1f} s)"
        case Mark.FAILED:
            return f" !!  {line.title}: {line.evidence} ({line.seconds:.1f} s)"
        case _:
            return f"==> {line.title}"
