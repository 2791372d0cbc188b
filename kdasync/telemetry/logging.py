"""Logs: one JSON object a line (or coloured text for people), to standard error, straight and without the standard library's layers."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import msgspec
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _encode(event: object, **_options: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


def configure(*, level: str, style: str, file: TextIO | None = None) -> None:
    """Set the process' logging up: `level` is debug, info, warning or error; `style` is `json` or `text`; `file`: instead of stderr."""
    stream = file or sys.stderr
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: object = structlog.processors.JSONRenderer(serializer=_encode)
    factory: object = structlog.BytesLoggerFactory(stream.buffer)
    if style == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty())
        factory = structlog.PrintLoggerFactory(stream)
        shared = shared[:3]
    structlog.configure(
        processors=[*shared, renderer],  # type: ignore[list-item]
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(level, logging.INFO)),
        logger_factory=factory,  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that says where a line comes from."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(source=name)
    return bound
