"""Logging: one JSON object per line, on standard output.

A line that cannot be written, for example because the disk is full, is lost; nothing
else is affected.

The supervisor sends each program's output to `KWIP_HOME/logs/<role>.log`. The name of
an event is constant and its values are separate fields; everything bound to the
context, such as the request id, is on every line.
"""

from __future__ import annotations

import contextlib
import io
import logging.config
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

_PROJECT = f"{Path(__file__).resolve().parents[1]}/"
_KWIP = f"{_PROJECT}kwip/"
_ERROR_CHARS = 300
#: Values that must never be logged.
_SECRET = frozenset(
    {"password", "secret", "token", "cookie", "authorization", "csrf_token", "uri"}
)


def configure(level: str) -> None:
    """Send the logs of structlog and the standard library to standard output."""
    logging.config.dictConfig(tree(level))
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(_OUTPUT),
        cache_logger_on_first_use=True,
    )


def tree(level: str) -> dict[str, Any]:
    """Return the standard library's logging configuration, with the same format."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": _OUTPUT,
                "formatter": "json",
            }
        },
        "root": {"level": level.upper(), "handlers": ["stdout"]},
        "loggers": {
            # A line for each command and connection of the driver is too much.
            "pymongo": {"level": "WARNING"},
            "gunicorn.error": {"level": level.upper(), "propagate": True},
            "gunicorn.access": {"level": "WARNING", "propagate": True},
        },
    }


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide the values of fields with secret names."""
    for name in _SECRET & event.keys():
        event[name] = "…"
    return event


class SparseTracebacks:
    """Write the traceback of the same error in the same place only once in a while.

    In between a line only says what was raised where; the next traceback says how
    many were left out. So a flood of errors cannot fill the disk.

    Args:
        every_s: How long the same traceback is left out.
        most: How many places are remembered.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self,
        *,
        every_s: float = 60.0,
        most: int = 1_000,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._every_s = every_s
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        #: When each traceback was last written, and how often it was left out since.
        self._written: dict[tuple[type[BaseException], str], tuple[float, int]] = {}

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Remove the traceback from a line, if it need not be written again."""
        error = _raised(event.get("exc_info"))
        if error is None:
            return event
        event["place"] = place = _place_of(error)
        event["error"] = f"{type(error).__name__}: {error}"[:_ERROR_CHARS]
        left_out = self._count(type(error), place)
        if left_out is None:
            del event["exc_info"]
        elif left_out:
            event["tracebacks_left_out"] = left_out
        return event

    def _count(self, error: type[BaseException], place: str) -> int | None:
        """Return how many were left out so far; None to leave this one out, too."""
        now = self._clock()
        with self._lock:
            written_at, left_out = self._written.get((error, place), (None, 0))
            if written_at is not None and now - written_at < self._every_s:
                self._written[error, place] = written_at, left_out + 1
                return None
            if len(self._written) >= self._most:
                self._written.clear()
            self._written[error, place] = now, 0
            return left_out


def _raised(exc_info: object) -> BaseException | None:
    """Return the exception of a line, in any of the forms that loggers accept."""
    if isinstance(exc_info, BaseException):
        return exc_info
    found = exc_info if isinstance(exc_info, tuple) else sys.exc_info()
    return found[1] if exc_info else None


def _place_of(error: BaseException) -> str:
    """Return our last line that an error passed, or else where it was raised."""
    lines = [
        (Path(frame.f_code.co_filename), number)
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    ours = [(path, number) for path, number in lines if path.is_relative_to(_KWIP)]
    path, number = (ours or lines or [(Path("?"), 0)])[-1]
    return f"{'/'.join(path.parts[-3 if ours else -2 :])}:{number}"


class _Output(io.TextIOBase):
    """Standard output, written at once and without ever raising.

    `sys.stdout` would keep what it could not write and fail with it again later.
    """

    def __init__(self) -> None:
        self._is_torn = False

    def write(self, text: str) -> int:
        """Write a whole line; on its own, if the last one was cut off."""
        line = text.encode("utf-8", "backslashreplace")
        whole = b"\n" + line if self._is_torn else line
        written = 0
        with contextlib.suppress(OSError):
            written = os.write(_STANDARD_OUTPUT, whole)
        self._is_torn = 0 < written < len(whole) or (self._is_torn and not written)
        return len(text)


_STANDARD_OUTPUT = 1
_OUTPUT = cast("TextIO", _Output())

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_secrets,
    SparseTracebacks(),
]
