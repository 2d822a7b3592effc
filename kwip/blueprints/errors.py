"""The only place where an error gets its HTTP status and its page or problem."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog
from flask import Response, render_template, request
from jinja2 import TemplateNotFound
from markupsafe import escape
from structlog.contextvars import get_contextvars
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import (
    HTTPException,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
)

from kwip import telemetry
from kwip.blueprints import bodies, http
from kwip.blueprints.answers import framing
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    KwipError,
    NotAuthenticatedError,
    NotFoundError,
    RateLimitedError,
    StorageFullError,
    StoreUnavailableError,
)
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()

NUMBERS: dict[type[KwipError], int] = {
    InvalidError: 422,
    NotAuthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    GoneError: 410,
    ConflictError: 409,
    RateLimitedError: 429,
    StoreUnavailableError: 503,
    StorageFullError: 507,
}
#: Paths that are answered with JSON; everything else is a page.
JSON_PATHS = ("/api/", "/badge/", "/card/", "/poll/", "/livez", "/readyz")

#: Statuses from this number on are errors.
FIRST_ERROR = 400
#: It cannot be read: the address, or the body.
BAD_REQUEST = 400
#: Statuses from this number on are our own failures.
SERVER_ERROR = 500
#: Statuses for those who may not do it, and the rule if the error names none.
_DENIED = {401: "credential", 403: "other"}
_TITLES = {
    400: lazy_gettext("Something's wrong with this link"),
    401: lazy_gettext("Log in to continue"),
    403: lazy_gettext("You can't do that"),
    404: lazy_gettext("Page not found"),
    405: lazy_gettext("This page can't do that"),
    409: lazy_gettext("Someone else changed this meanwhile"),
    410: lazy_gettext("This is no longer available"),
    413: lazy_gettext("That's too large"),
    422: lazy_gettext("Check what you entered"),
    429: lazy_gettext("You're doing that too often"),
    500: lazy_gettext("Something went wrong"),
    503: lazy_gettext("Kwip is unavailable right now"),
    507: lazy_gettext("This site is out of space"),
}
_JSON_FEED = ".json"
_EXPIRED_FORM = lazy_gettext("This form has expired")
_UNREADABLE_FORM = lazy_gettext("This form could not be read")
_MESSAGES = {
    400: lazy_gettext("The request could not be read."),
    404: lazy_gettext("There's nothing at this address."),
    405: lazy_gettext("This address doesn't accept that kind of request."),
    413: lazy_gettext("The request is too large. Send a smaller file or less text."),
    500: lazy_gettext("The error has been logged. Try again in a moment."),
}
_OTHER = lazy_gettext("Something went wrong")


def answer(error: KwipError | HTTPException) -> Response:
    """Answer an error from Kwip or Werkzeug; an unexpected exception is a 500."""
    return (
        _on_kwip_error(error) if isinstance(error, KwipError) else _on_http_error(error)
    )


def _on_kwip_error(error: KwipError) -> Response:
    number = number_of(error)
    if number >= SERVER_ERROR or number in _DENIED:
        note(error)
    if number in _DENIED:
        rule = str(error.context.get("rule", _DENIED[number]))
        telemetry.AUTHZ_DENIED.labels(rule).inc()
    fields = error.fields if isinstance(error, InvalidError) else {}
    is_expired = error.context.get("rule") == "form_token"
    title = _EXPIRED_FORM if is_expired else _title(number)
    response = _respond(number, error.message, fields, title)
    say_when(response, error)
    if number == NUMBERS[NotAuthenticatedError] and wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _on_http_error(error: HTTPException) -> Response:
    number = number_of(error)
    message = str(_MESSAGES.get(number, _OTHER))
    if isinstance(error, bodies.MalformedError):
        message = error.description or message
    response = _respond(number, message, {}, _title(number))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    if isinstance(error, RequestedRangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.length}"
    return response


def note(error: KwipError) -> None:
    """Log why a request was refused."""
    log.warning("request_refused", code=error.code, context=error.context)


def say_when(response: Response, error: KwipError) -> None:
    """Add `Retry-After`, if the error says when to try again."""
    if isinstance(error, RateLimitedError | StoreUnavailableError):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))


def number_of(error: KwipError | HTTPException) -> int:
    """Return the HTTP status of an error.

    Two depend on the request: a GET can only be corrected in its address (400), and API
    clients know a deleted post as 404.
    """
    if isinstance(error, HTTPException):
        return error.code or SERVER_ERROR
    if isinstance(error, InvalidError) and request.method in http.SAFE_METHODS:
        return 400
    if isinstance(error, GoneError) and wants_json():
        return 404
    return next((NUMBERS[c] for c in type(error).__mro__ if c in NUMBERS), 500)


def wants_json() -> bool:
    """Return whether this path is answered with JSON, including errors."""
    return http.site().is_live or f"{request.path}/".startswith(JSON_PATHS)


def _respond(number: int, message: str, fields: dict[str, str], title: str) -> Response:
    is_feed = http.is_feed(request.path)
    is_json = is_feed and request.path.endswith(_JSON_FEED)
    if wants_json() or is_json or http.is_script():
        return http.problem(message, fields, number)
    if is_feed:  # readers of feeds show no page
        lines = [str(message), *(f"{name}: {text}" for name, text in fields.items())]
        return Response("\n".join(lines) + "\n", number, mimetype="text/plain")
    page = _page(number, message, fields, str(title))
    return Response(page, number, mimetype="text/html")


def _page(number: int, message: str, fields: dict[str, str], title: str) -> str:
    request_id = get_contextvars().get("request_id", "")
    try:
        return render_template(
            "embed/error.html" if framing.is_framed() else "error.html",
            number=number,
            title=title,
            message=message,
            wrong=_wrong(message, fields),
            request_id=request_id,
            sent=_sent_form(),
        )
    except TemplateNotFound:
        return (
            "<!doctype html><html lang=en><meta charset=utf-8>"
            f"<title>{escape(title)}</title><h1>{escape(title)}</h1>"
            f"<p>{escape(message)}</p>"
        )


def _title(number: int) -> str:
    if number == BAD_REQUEST and request.method not in http.SAFE_METHODS:
        return _UNREADABLE_FORM
    return _TITLES.get(number, _OTHER)


def _wrong(message: str, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what else is wrong, with the names of the fields.

    Programs know the names of fields. People only do if the page shows the form or the
    address.
    """
    if not fields:
        return []  # a query that is not text was rejected, and is not parsed again
    known = {*request.args, *_sent_form()}
    return [
        (name if name in known else "", wrong)
        for name, wrong in fields.items()
        if wrong != message
    ]


def _sent_form() -> MultiDict[str, str]:
    """Return the fields of a sent form, so that its page can show the text again."""
    try:
        return request.form
    except RequestEntityTooLarge:  # possibly the error that is being answered
        return MultiDict()
