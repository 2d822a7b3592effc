"""Settings: two-factor authentication, with an app and recovery codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http, login
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import SECRET, Form, form_policy, go, page, page_again
from kwip.domain.errors import ConflictError, InvalidError, RateLimitedError
from kwip.schemas.accounts.two_factor import CodeForm, ProofForm
from kwip.text.qr_codes import qr_code
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.accounts.two_factor import Proof

_REFUSALS = (InvalidError, RateLimitedError)


def two_factor_settings() -> Response:
    """Show how the viewer logs in."""
    return page("settings_two_factor.html", **known())


def app_settings() -> Response:
    """Ask for the password, before a key is shown."""
    return page("two_factor_app.html", form=Form(), **known())


def begin_app() -> Response:
    """Make a key for an app."""
    try:
        http.services().two_factor.begin(http.signed_in(), proof())
    except _REFUSALS as error:
        return page_again("two_factor_app.html", error, **known())
    return go(url_for("web.app_key"))


def app_key() -> Response:
    """Show the key, and ask for a code that the app made with it."""
    try:
        return page("two_factor_key.html", form=Form(), **_key())
    except ConflictError as error:
        return go(url_for("web.app_settings"), error.message)


def confirm_app() -> Response:
    """Turn two-factor authentication on, and show the recovery codes."""
    try:
        code = http.load_form(CodeForm())
        codes = http.services().two_factor.confirm(http.signed_in(), code)
    except InvalidError as error:
        return page_again("two_factor_key.html", error, **_key())
    except ConflictError as error:
        return go(url_for("web.app_settings"), error.message)
    return turned_on(codes)


def recovery_settings() -> Response:
    """Ask for the password and a code, before new recovery codes are shown."""
    return page("two_factor_codes.html", form=Form(), **known())


def renew_codes() -> Response:
    """Make new recovery codes and show them once, in this response."""
    try:
        codes = http.services().two_factor.renew_codes(http.signed_in(), proof())
    except _REFUSALS as error:
        return page_again("two_factor_codes.html", error, **known())
    return page("two_factor_recovery.html", codes=codes)


def off_settings() -> Response:
    """Ask for the password and a code, before it is turned off."""
    return page("two_factor_off.html", form=Form(), **known())


def turn_off() -> Response:
    """Turn two-factor authentication off."""
    try:
        http.services().two_factor.turn_off(http.signed_in(), proof())
    except _REFUSALS as error:
        return page_again("two_factor_off.html", error, **known())
    message = gettext("Two-factor authentication is off.")
    return go(url_for("web.two_factor_settings"), message)


def turned_on(codes: Sequence[str]) -> Response:
    """Show recovery codes, if there are new ones."""
    if codes:
        return page("two_factor_recovery.html", codes=codes, is_first=True)
    message = gettext("Changes saved. All other devices were logged out.")
    return go(url_for("web.two_factor_settings"), message)


def proof() -> Proof:
    """Read a form with a proof, and add what this browser was asked to sign."""
    return with_challenge(http.load_form(ProofForm()))


def with_challenge(found: Proof) -> Proof:
    """Add to a proof what this browser was asked to sign."""
    answer = replace(found.answer, challenge=login.take_challenge())
    return replace(found, answer=answer)


def known() -> dict[str, object]:
    """Return what pages about it show: the viewer's factors."""
    return {"factors": http.services().two_factor.get(http.signed_in())}


def _key() -> dict[str, object]:
    key = http.services().two_factor.pending(http.signed_in())
    return {"key": key, "qr": qr_code(key.uri)}


_FORM = form_policy("pages")
_HERE = "/settings/two-factor"

ROUTES = (
    Route("GET", _HERE, two_factor_settings, SECRET),
    Route("GET", f"{_HERE}/app", app_settings, SECRET),
    Route("POST", f"{_HERE}/app", begin_app, _FORM),
    Route("GET", f"{_HERE}/key", app_key, SECRET),
    Route("POST", f"{_HERE}/key", confirm_app, _FORM),
    Route("GET", f"{_HERE}/codes", recovery_settings, SECRET),
    Route("POST", f"{_HERE}/codes", renew_codes, _FORM),
    Route("GET", f"{_HERE}/off", off_settings, SECRET),
    Route("POST", f"{_HERE}/off", turn_off, _FORM),
)
