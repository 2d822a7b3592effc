"""Delete one's own account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints import login as cookie
from kwip.blueprints.table import Route
from kwip.blueprints.web.accounts.two_factor import known, proof
from kwip.blueprints.web.pages import SECRET, Form, form_policy, go, page, page_again
from kwip.domain.errors import ConflictError, InvalidError, RateLimitedError

if TYPE_CHECKING:
    from flask import Response


def delete_account() -> Response:
    """Ask for the password and a code, to delete the viewer's account."""
    return page("settings_delete.html", form=Form(), **known())


def delete_account_now() -> Response:
    """Close the viewer's account; it is deleted in two weeks."""
    try:
        until = http.services().closing.close(http.signed_in(), proof())
    except (InvalidError, RateLimitedError, ConflictError) as error:
        return page_again("settings_delete.html", error, **known())
    cookie.sign_out()
    cookie.note_closed(until)
    return go(url_for("web.login"))


ROUTES = (
    Route("GET", "/settings/delete", delete_account, SECRET),
    Route("POST", "/settings/delete", delete_account_now, form_policy("pages")),
)
