"""Which other origins may read an answer (CORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints import http

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Link, ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, "
        "X-RateLimit-Reset, X-Request-Id"
    ),
}
#: Only our own page may poll from another port, with its cookie.
_OWN_CORS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Retry-After",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "86400",
}
_WIDGET_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def open_to_others(response: Response, policy: Policy, *, is_api: bool) -> None:
    """Say which other origins may read the answer."""
    is_widget = policy.cache == "widget" or http.is_feed(request.path)
    if is_widget or is_api:
        response.headers.update(_CORS)
        if request.method == "OPTIONS":
            response.headers.update(_WIDGET_PREFLIGHT if is_widget else _PREFLIGHT)
    if request.path.startswith("/poll/"):
        response.vary.add("Origin")
        origin = http.site().urls.origin
        if request.headers.get("Origin") == origin:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.update(_OWN_CORS)
