"""Choose a new password with a link in a mail, without being logged in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import request, url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts.email import LINK, LINK_FORM
from kwip.blueprints.web.pages import OPEN, Form, go, page, page_again
from kwip.domain.errors import InvalidError, RateLimitedError, StoreUnavailableError
from kwip.schemas.accounts.mail import ForgotForm, LinkQuery, NewPasswordForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def forgot_password() -> Response:
    """Ask for the email address."""
    return page("password_forgot.html", form=Form())


def request_password() -> Response:
    """Send a link, if the address has an account; the answer is the same."""
    try:
        email = http.load_form(ForgotForm())
        http.services().password_reset.request(email, request.remote_addr)
    except (InvalidError, RateLimitedError) as error:
        return page_again("password_forgot.html", error)
    return go(url_for("web.password_sent"))


def password_sent() -> Response:
    """Say that the mail is on its way."""
    return page("password_sent.html")


def new_password() -> Response:
    """Ask for the new password; only sending it uses up the link."""
    link = http.load_query(LinkQuery())
    name = http.services().password_reset.owner_of(link)
    response = page("password_new.html", form=Form(), link=link, name=name)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def save_new_password() -> Response:
    """Set the new password."""
    form = http.load_form(NewPasswordForm())
    try:
        http.services().password_reset.complete(form.link, form.password)
    except (InvalidError, StoreUnavailableError) as error:
        name = http.services().password_reset.owner_of(form.link)
        return page_again("password_new.html", error, link=form.link, name=name)
    return go(
        url_for("web.login"), gettext("Password changed. Log in with the new one.")
    )


_DOOR = replace(OPEN, asks_nothing=True)
_REQUEST = Policy(
    auth="optional", scope=None, quota="reset", cache="never", csrf="form"
)

ROUTES = (
    Route("GET", "/password/forgot", forgot_password, _DOOR),
    Route("POST", "/password/forgot", request_password, _REQUEST),
    Route("GET", "/password/sent", password_sent, _DOOR),
    Route("GET", "/password/reset", new_password, LINK),
    Route("POST", "/password/reset", save_new_password, LINK_FORM),
)
