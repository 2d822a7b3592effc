"""How programs log: one JSON object a line, on standard output.

The supervisor sends each program's output to `KWIP_HOME/logs/<role>.log`. An event's
name is constant and its values stand beside it; whatever was bound to the context, such
as the request id, is on every line.
"""

from __future__ import annotations

import logging.config
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: Values that never belong in a log, whoever logs them.
_SECRET = frozenset(
    {"password", "secret", "token", "cookie", "authorization", "csrf_token", "uri"}
)


def configure(level: str) -> None:
    """Send the lines of structlog and of the standard library to standard output."""
    logging.config.dictConfig(tree(level))
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def tree(level: str) -> dict[str, Any]:
    """Return the standard library's configuration: its lines in the same form."""
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
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"level": level.upper(), "handlers": ["stdout"]},
        "loggers": {
            # A line for each of the driver's commands and connections is too much.
            "pymongo": {"level": "WARNING"},
            "gunicorn.error": {"level": level.upper(), "propagate": True},
            "gunicorn.access": {"level": "WARNING", "propagate": True},
        },
    }


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide the values of fields that are secret by their name."""
    for name in _SECRET & event.keys():
        event[name] = "…"
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_secrets,
]
