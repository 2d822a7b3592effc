"""Name, log and count requests, whether the app or the page cache answers them."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

log = structlog.get_logger()

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(environ: WSGIEnvironment, *, is_trusted: bool) -> str:
    """Return a request's id: that of a trusted proxy, or 32 random digits."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "") if is_trusted else ""
    return given if _REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


def report(
    started_s: float, asked: str, path: str, route: str, status: int, **known: object
) -> None:
    """Log and count one answer.

    `asked` is the request's method, `route` the rule, and `known` what is logged
    besides the context.
    """
    seconds = time.perf_counter() - started_s
    method = asked if asked in _METHODS else "other"
    telemetry.observe_request(route, method, status, seconds)
    log.info(
        "request",
        method=method,
        path=path[:200],
        route=route,
        status=status,
        ms=round(seconds * 1_000, 1),
        **known,
    )
