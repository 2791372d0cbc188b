"""The helper's log: a rotating file where one can be written, nothing elsewhere; `ConfigCLI_DEBUG=true` also prints."""

import logging
import logging.handlers
import os
from pathlib import Path

_SIZE = 1024 * 1024
_FILES = 3


def logger(folder: str) -> logging.Logger:
    """The logger; made once."""
    log = logging.getLogger("configcli")
    if not log.handlers:
        log.propagate = False
        log.setLevel(logging.DEBUG)
        log.addHandler(_file(folder))
        if os.environ.get("ConfigCLI_DEBUG") == "true":  # noqa: SIM112 - the published name
            log.addHandler(logging.StreamHandler())
    return log


def _file(folder: str) -> logging.Handler:
    """A guest's user may not be allowed to write there: then nothing is logged."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            str(place / "configcli.log"), maxBytes=_SIZE, backupCount=_FILES, encoding="utf-8"
        )
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    return handler
