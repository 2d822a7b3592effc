"""Log and count requests, whether the app or the page cache answered them."""

from __future__ import annotations

import time

import structlog

from kwip import telemetry

log = structlog.get_logger()

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


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
