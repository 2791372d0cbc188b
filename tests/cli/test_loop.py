"""The first signal ends the work cleanly, from inside the real signal handling of a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, os, signal, sys
from kdasync.cli import loop
signal.signal(signal.{name}, signal.SIG_DFL)  # whoever runs the tests may ignore it

async def work():
    try:
        os.kill(os.getpid(), signal.{name})
        await asyncio.sleep(30)
        print("slept")
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")

print(loop.run(work))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_a_clean_end(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(name=name)], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split("\n") == ["cleaned up", "None", ""]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    program = PROGRAM.format(name="SIGHUP").replace("(30)", "(0.1)").replace("SIG_DFL", "SIG_IGN")
    done = subprocess.run(
        [sys.executable, "-c", program + "print('alive')"], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split("\n") == ["slept", "cleaned up", "None", "alive", ""]


def test_a_result_and_an_error_come_through() -> None:
    code = "from kdasync.cli import loop\nasync def one(): return 1\nasync def bad(): raise ValueError('x')\nprint(loop.run(one))\nloop.run(bad)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert done.stderr.endswith("ValueError: x\n")
