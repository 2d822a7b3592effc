"""The one place where an error gets its HTTP number and its page or problem."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog
from flask import Response, render_template, request
from jinja2 import TemplateNotFound
from markupsafe import escape
from structlog.contextvars import get_contextvars
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from kwip.blueprints import bodies, http
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
#: Answered with JSON; everything else is a page.
JSON_PATHS = ("/api/", "/poll/", "/livez", "/readyz")

#: Answers from this number on are errors.
FIRST_ERROR = 400
#: Answers from this number on are failures of ours.
SERVER_ERROR = 500
_TITLES = {
    400: "That request made no sense",
    401: "Log in to go on",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That does not work here",
    409: "Somebody was faster",
    410: "This is gone",
    413: "That is too much at once",
    422: "Something needs a correction",
    429: "That was a lot",
    500: "Kwip made a mistake",
    503: "Kwip cannot answer right now",
    507: "There is no room left",
}
_MESSAGES = {
    400: "The request could not be read.",
    404: "There is no such address.",
    405: "This address does not take that kind of request.",
    413: "The request is larger than Kwip takes. Send a smaller file or less text.",
    500: "It is not your fault. It has been noted; try again shortly.",
}
_OTHER = "The request could not be answered."


def answer(error: KwipError | HTTPException) -> Response:
    """Answer what Kwip or Werkzeug raised; an unexpected exception is one of theirs."""
    return (
        _on_kwip_error(error) if isinstance(error, KwipError) else _on_http_error(error)
    )


def _on_kwip_error(error: KwipError) -> Response:
    number = number_of(error)
    if number >= SERVER_ERROR or number in {401, 403}:
        note(error)
    fields = error.fields if isinstance(error, InvalidError) else {}
    response = _respond(number, error.message, fields)
    say_when(response, error)
    if number == NUMBERS[NotAuthenticatedError] and wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _on_http_error(error: HTTPException) -> Response:
    number = number_of(error)
    message = _MESSAGES.get(number, _OTHER)
    if isinstance(error, bodies.MalformedError):
        message = error.description or message
    response = _respond(number, message, {})
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def note(error: KwipError) -> None:
    """Write to the log why a request was refused."""
    log.warning("request_refused", code=error.code, context=error.context)


def say_when(response: Response, error: KwipError) -> None:
    """Tell programs when to try again, if the error does."""
    if isinstance(error, RateLimitedError | StoreUnavailableError):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))


def number_of(error: KwipError | HTTPException) -> int:
    """Give the HTTP number of an error.

    Two numbers depend on the request: a GET can only be corrected in its address
    (400), and clients of the API know a deleted post as 404.
    """
    if isinstance(error, HTTPException):
        return error.code or SERVER_ERROR
    if isinstance(error, InvalidError) and request.method in http.SAFE_METHODS:
        return 400
    if isinstance(error, GoneError) and wants_json():
        return 404
    return next((NUMBERS[c] for c in type(error).__mro__ if c in NUMBERS), 500)


def wants_json() -> bool:
    """Tell whether this path answers in JSON, errors included."""
    return http.site().is_live or f"{request.path}/".startswith(JSON_PATHS)


def _respond(number: int, message: str, fields: dict[str, str]) -> Response:
    if wants_json() or http.is_script():
        return http.problem(message, fields, number)
    return Response(_page(number, message, fields), number, mimetype="text/html")


def _page(number: int, message: str, fields: dict[str, str]) -> str:
    title = _TITLES.get(number, _OTHER)
    request_id = get_contextvars().get("request_id", "")
    try:
        return render_template(
            "error.html",
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


def _wrong(message: str, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give what else is wrong, and with what.

    Fields have names for programs, which say something to a person only where they
    stand in the page's own form or address.
    """
    if not fields:
        return []  # and a query that is no text, which is refused, is not read again
    known = {*request.args, *_sent_form()}
    return [
        (name if name in known else "", wrong)
        for name, wrong in fields.items()
        if wrong != message
    ]


def _sent_form() -> Mapping[str, str]:
    """Return what a form sent, so that its page can give the text back."""
    try:
        return request.form
    except RequestEntityTooLarge:  # perhaps the very error that is answered
        return {}
