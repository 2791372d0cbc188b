"""The operator as a process of its own, as a developer runs it beside a cluster: what tests kill, and the audit log counts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_START = 30.0


class OperatorProcess:
    """One operator over one namespace.

    Args:
        kubeconfig: of the user it is.
        namespace: it watches.
        log: file that its output is added to.
        knobs: KDASYNC_* settings, e.g. `{"KDASYNC_RETRY_SECONDS": "1"}`.
    """

    def __init__(self, kubeconfig: Path, namespace: str, log: Path, knobs: dict[str, str]) -> None:
        self._command = [
            sys.executable,
            "-c",
            "from kdasync.cli.main import main; main()",
            "run",
            "--kubeconfig",
            str(kubeconfig),
            "--namespace",
            namespace,
        ]
        self._environment = {**os.environ, "KDASYNC_HTTP_PORT": "0", "KDASYNC_HTTP_HOST": "127.0.0.1", **knobs}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it is synced.

        Raises:
            RuntimeError: it ended, or is not synced in time.
        """
        begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        deadline = time.monotonic() + _START
        while b'"synced"' not in self._log.read_bytes()[begin:]:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The operator did not start:\n{self.words()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: it can do nothing more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(timeout=_START)
        self._process = None
        return code

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """Memory now."""
        return int(self._stat()[21]) * os.sysconf("SC_PAGE_SIZE")

    def _stat(self) -> list[str]:
        pid = self._process.pid if self._process else 0
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()

    def words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-6000:] if self._log.exists() else ""
