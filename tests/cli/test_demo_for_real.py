"""The whole demo as a visitor runs it: needs the network the first time, and a minute."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_every_step_is_proven_and_nothing_is_left(tmp_path: Path, program: Callable[..., subprocess.Popen[str]]) -> None:
    process = program("demo", "--plain", TMPDIR=str(tmp_path))
    output, errors = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0, output + errors
    assert "6 of 6 steps proven by asking the app itself" in output
    assert errors == ""
    assert left(tmp_path) == []


async def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path, program: Callable[..., subprocess.Popen[str]]) -> None:
    process = program("demo", "--plain", TMPDIR=str(tmp_path))
    assert process.stdout is not None
    deadline = time.monotonic() + 200
    while "configuring" not in process.stdout.readline():
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, errors = await asyncio.to_thread(process.communicate)
    assert (process.returncode, errors) == (130, "")
    assert left(tmp_path) == []
