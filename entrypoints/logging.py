"""Logs: JSON for machines, lines for people, always on stderr."""

from __future__ import annotations

import logging
import sys

import structlog

from gliobench.domain.messages import printable
from gliobench.domain.secrets import hidden


def configure_logging(*, level: str, style: str) -> None:
    """Send every event of at least this level to stderr.

    Args:
        level: debug, info, warning or error.
        style: json, console, or auto: json where stderr is no terminal.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_credentials,
            *_renderers(as_json=style == "json" or (style == "auto" and not sys.stderr.isatty())),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Without a file of its own, so that a stderr which a test or a job replaces is obeyed.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_credentials(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {name: hidden(one) if isinstance(one, str) else one for name, one in event.items()}


def _renderers(*, as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [_harmless, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _harmless(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Escape what a terminal would obey; JSON escapes it itself."""
    return {name: printable(one) if isinstance(one, str) else one for name, one in event.items()}
