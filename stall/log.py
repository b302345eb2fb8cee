"""Structured log lines on standard error. Nothing personal, no code, no grant, no card number.

`domain` and `wire` never log. Events are named `noun.verb`; facts are key-value pairs.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

#: Fields that must never be written, whoever passes them.
FORBIDDEN = frozenset({"code", "claim_code", "grant", "token", "pan", "track", "pin", "key", "secret", "body", "raw"})
_CARD_NUMBER = re.compile(r"\b[0-9]{13,19}\b")


class Logger:
    """Writes lines of one part of the product. What writes them is loaded with the first: most processes have nothing to say."""

    def __init__(self, part: str) -> None:
        """Write as `part`."""
        self._part = part

    def info(self, event: str, **facts: Any) -> None:
        """Say what is good to know."""
        _writer(self._part).info(event, **facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Say what went wrong and was got over."""
        _writer(self._part).warning(event, **facts)

    def error(self, event: str, **facts: Any) -> None:
        """Say what went wrong and stays so."""
        _writer(self._part).error(event, **facts)


class _Process:
    """How this process logs."""

    set_up = configured = False


def setup() -> None:
    """Configure logging of this process: one key=value line an event, to standard error."""
    _Process.set_up, _Process.configured = True, False
    server = logging.getLogger("waitress")
    server.handlers, server.propagate = [_Server(logging.WARNING)], False
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # else a line for everybody who waits a moment


def setup_once() -> None:
    """Configure logging unless this process did: a command that prints data must not find our lines among it."""
    if not _Process.set_up:
        setup()


def get(name: str) -> Logger:
    """A logger for one part of the product, bound with its name."""
    return Logger(name)


def _writer(part: str) -> Any:
    import structlog  # noqa: PLC0415 - large, and most processes write no line

    if _Process.set_up and not _Process.configured:
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.format_exc_info,
                _redact,
                structlog.processors.LogfmtRenderer(key_order=["event", "level"], bool_as_flag=False),
            ],
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is at that line, not at the first
            cache_logger_on_first_use=False,
        )
        _Process.configured = True
    return structlog.get_logger(part=part)


class _Server(logging.Handler):
    """Writes what the server says up to the address it was serving: an address may be a right to download."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        words = record.getMessage().partition("/")[0].strip()
        get("server").warning("server.trouble", words=words, exc_info=record.exc_info)


def _redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Blank forbidden fields and anything that looks like a card number, as the last step before writing."""
    for key, value in event.items():
        if key in FORBIDDEN:
            event[key] = "(not logged)"
        elif isinstance(value, str):
            event[key] = _CARD_NUMBER.sub("(number)", value)
    return event
