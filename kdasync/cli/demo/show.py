"""The performance: set the scene, tell the story, have the last word."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from kdasync.cli.demo.board import Board
from kdasync.cli.demo.live import live
from kdasync.cli.demo.plain import plain as plainly
from kdasync.cli.demo.report import explain, summary
from kdasync.cli.demo.scene import Plan, Scene, scene
from kdasync.cli.demo.stage import Unproven
from kdasync.cli.demo.story import Story, titles
from kdasync.errors import KdasyncError
from kdasync.telemetry import logging

_TAIL = 15


async def show(plan: Plan, *, plain: bool) -> bool:
    """Run the demo; True if every step was proven."""
    board = Board(titles(local=not plan.context, keep=plan.keep), clock=asyncio.get_running_loop().time)
    with tempfile.NamedTemporaryFile("w", prefix="kdasync-demo-", suffix=".log") as log:
        logging.configure(level="info", style="text", file=log.file)  # type: ignore[arg-type]
        view: AbstractAsyncContextManager[None] = plainly(board) if plain else live(board, Console())
        async with AsyncExitStack() as scenery:
            async with view:
                set_ = await scenery.enter_async_context(scene(plan, board))
                trouble = await _tell(board, set_)
            await _conclude(plan, board, set_, trouble, log=Path(log.name))
    return board.proven


async def _tell(board: Board, set_: Scene) -> KdasyncError | None:
    """Step by step, until one is not true."""
    story = Story(set_.stage, set_.kill, gone=board.empty)
    for number, (_line, act) in enumerate(zip(board.steps, story.acts, strict=False)):
        board.begin(number)
        try:
            evidence = await _unless_ended(act, set_.operating)
        except KdasyncError as error:
            board.end(number, str(error), proven=False)
            return error
        board.end(number, evidence, proven=True)
    return None


async def _unless_ended(act: Callable[[], Coroutine[Any, Any, str]], operator: asyncio.Task[None]) -> str:
    """Act, but do not wait for an operator that is no more."""
    acting = asyncio.create_task(act())
    try:
        await asyncio.wait({acting, operator}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            raise Unproven("the operator has ended by itself: see its log")
        return acting.result()
    finally:
        acting.cancel()


async def _conclude(plan: Plan, board: Board, set_: Scene, trouble: KdasyncError | None, *, log: Path) -> None:
    if trouble is not None:
        await set_.operator.flush()
        await explain(set_.stage, trouble, tell=click.echo)
        click.echo(_tail(log))
    click.echo("\n" + summary(board, set_.operator.metrics))
    if plan.keep:
        click.echo(_kept(plan, set_))
        await asyncio.Event().wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines()[-_TAIL:]
    return "\n".join(("\nLog of the operator", *(f"  {line}" for line in lines)))


def _kept(plan: Plan, set_: Scene) -> str:
    where = f"--context {plan.context}" if plan.context else f"--kubeconfig {set_.kubeconfig}"
    look = f"It stays until Ctrl-C. Look at it:\n  kubectl {where} -n {set_.stage.namespace} get kubedirectorclusters,pods"
    later = f"\nThe namespace stays after that. To delete it, an operator must run: kdasync run {where} --namespace {set_.stage.namespace}"
    return look + later if plan.context else look
