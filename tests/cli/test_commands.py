from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from kdasync.cli.main import COMMANDS

HEAVY = ("aiohttp", "kubernetes_asyncio", "cryptography", "rich", "transitions")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(call: Callable[..., Result], name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: main {name}" in result.output


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom kdasync.cli.main import main\n"
        "CliRunner().invoke(main, ['--help'], catch_exceptions=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_command_is_refused(call: Callable[..., Result]) -> None:
    assert call("nonsense").exit_code == 2


def test_what_the_user_can_mend_is_a_sentence_without_traceback(call: Callable[..., Result]) -> None:
    result = call("catalog", "show", "nonsense")
    assert (result.exit_code, result.output) == (
        1,
        "Error: app: there is no nonsense. Use one of: dask, etcd, patroni.\n",
    )
