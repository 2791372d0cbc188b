"""Starts programs as children of the first process of a PID namespace, tells when one dies, and ends all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from realcluster.programs import Program


class Supervisor:
    """Children with a log file each."""

    def __init__(self, logs: Path, environment: dict[str, str]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._environment = environment
        self.programs: dict[str, int] = {}

    def start(self, program: Program) -> None:
        """Start it; its output goes to `<name>.log`."""
        with self.log(program.name).open("ab") as log:
            child = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self.programs[program.name] = child.pid
        child.returncode = 0  # reaped by `dead`, as everything else in this namespace

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self._logs / f"{name}.log"

    def dead(self) -> str:
        """Reap what ended; the name of a program of ours that did, or nothing."""
        names = {pid: name for name, pid in self.programs.items()}
        with contextlib.suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                if pid in names:
                    return names[pid]
        return ""

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-8:])

    @staticmethod
    def end(*, grace: float) -> None:
        """End every process of the namespace: TERM, then KILL after `grace` seconds.

        Raises:
            RuntimeError: this is not the first process of a namespace, where "every process" would mean the machine's.
        """
        if os.getpid() != 1:
            raise RuntimeError("only the first process of a PID namespace may end all others")
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, number)
            if _reap(time.monotonic() + seconds):
                return


def _reap(deadline: float) -> bool:
    """True once no child is left."""
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
        except ChildProcessError:
            return True
    return False
