"""How a command is called: in this process by click's runner, or as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kdasync.cli.main import main


@pytest.fixture
def call() -> Callable[..., Result]:
    """Run a command here; the result has exit_code and output."""
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.fixture
def program() -> Callable[..., subprocess.Popen[str]]:
    """Start a command as a program."""

    def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        code = "from kdasync.cli.main import main; main()"
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([sys.executable, "-c", code, *arguments], env={**os.environ, **environ}, **pipes)

    return start
