"""The operator's log lines are made and encoded as in production, and nobody reads them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

from kdasync.telemetry import logging


def silence() -> None:
    stderr = sys.stderr
    sys.stderr = SimpleNamespace(buffer=Path(os.devnull).open("wb"))  # noqa: SIM115 - the log keeps it for the whole run
    logging.configure(level="info", style="json")
    sys.stderr = stderr
