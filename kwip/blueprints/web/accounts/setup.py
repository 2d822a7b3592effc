"""The page that creates a new site's first owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http, rate_limits
from kwip.blueprints import login as cookie
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts.sign_in import applicant
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.errors import InvalidError, RateLimitedError
from kwip.schemas.accounts.forms import SetupForm
from kwip.services.accounts.users import SignUp
from kwip.text.translation import gettext, language

if TYPE_CHECKING:
    from flask import Response


def setup() -> Response:
    """Show the setup form, if a code is waiting to be used; otherwise 404."""
    # Nothing here uses Redis, and strangers may only query MongoDB so often.
    rate_limits.charge()
    http.services().setup.require_open()
    return page("setup.html", form=Form())


def set_up() -> Response:
    """Create the first administrator and log in."""
    try:
        code, form = http.load_form(SetupForm())
        admitted = http.services().sign_in.set_up(
            code, SignUp(**form, language=language()), applicant()
        )
    except (InvalidError, RateLimitedError) as error:
        http.services().setup.require_open()
        return page_again("setup.html", error)
    cookie.sign_in(admitted.credential, admitted.names)
    message = gettext(
        "Welcome! You're the owner of this site. Choose its name, its rules, and "
        "who can sign up."
    )
    return go(url_for("web.site_settings"), message)


_OPEN = Policy(auth="optional", scope=None, quota="pages", cache="never", csrf="none")
_FORM = Policy(auth="optional", scope=None, quota="sign_in", cache="never", csrf="form")

ROUTES = (
    Route("GET", "/setup", setup, _OPEN),
    Route("POST", "/setup", set_up, _FORM),
)
