"""Passkeys: what a browser is asked to sign, and the viewer's own ones.

A script asks the browser. Everything else is done by the forms of the pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http, login
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts.two_factor import (
    known,
    proof,
    turned_on,
    with_challenge,
)
from kwip.blueprints.web.pages import (
    SECRET,
    Form,
    form_policy,
    go,
    page,
    page_again,
    problem,
)
from kwip.domain.errors import InvalidError, RateLimitedError
from kwip.schemas.accounts.two_factor import NewPasskeyForm, PasskeyForm
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

_REFUSALS = (InvalidError, RateLimitedError)


def passkey_options() -> Response:
    """Return what a browser signs with a passkey."""
    http.load_form(ActForm())
    challenge, options = http.services().passkeys.challenge()
    login.keep_challenge(challenge)
    return http.answer(options)


def new_passkey() -> Response:
    """Ask for a name and the password, before a passkey is added."""
    return page("passkey_new.html", form=Form(), **known())


def begin_passkey() -> Response:
    """Return what a browser makes a passkey with."""
    viewer = http.signed_in()
    try:
        form = http.load_form(NewPasskeyForm())
        challenge, options = http.services().passkeys.begin(
            viewer, form.name, with_challenge(form.proof)
        )
    except _REFUSALS as error:
        return problem(error)
    login.keep_challenge(challenge)
    return http.answer(options)


def add_passkey() -> Response:
    """Add the passkey that a browser made, and show the recovery codes."""
    passkeys = http.services().passkeys
    try:
        made = http.load_form(PasskeyForm())
        codes = passkeys.add(http.signed_in(), made, login.take_challenge())
    except InvalidError as error:
        return page_again("passkey_new.html", error, **known())
    return turned_on(codes)


def removal(passkey_id: str) -> Response:
    """Ask for the password and a code, before a passkey is removed."""
    return page("passkey_remove.html", form=Form(), **_known(passkey_id))


def remove_passkey(passkey_id: str) -> Response:
    """Remove a passkey."""
    viewer, passkeys = http.signed_in(), http.services().passkeys
    try:
        name = passkeys.remove(viewer, passkey_id, proof())
    except _REFUSALS as error:
        return page_again("passkey_remove.html", error, **_known(passkey_id))
    message = gettext("The passkey “%(name)s” was removed.", name=name)
    return go(url_for("web.two_factor_settings"), message)


def _known(passkey_id: str) -> dict[str, object]:
    passkey = http.services().passkeys.get(http.signed_in(), passkey_id)
    return {**known(), "passkey": passkey}


_FORM = form_policy("pages")
#: Before the log-in; it reveals nothing about anybody.
_ASK = Policy(auth="optional", scope=None, quota="pages", cache="never", csrf="form")
_HERE = "/settings/two-factor/passkeys"
_ONE = f"{_HERE}/<string(maxlength=1400):passkey_id>/remove"

ROUTES = (
    Route("POST", "/passkeys/options", passkey_options, _ASK),
    Route("GET", f"{_HERE}/new", new_passkey, SECRET),
    Route("POST", f"{_HERE}/options", begin_passkey, _FORM),
    Route("POST", f"{_HERE}/new", add_passkey, _FORM),
    Route("GET", _ONE, removal, SECRET),
    Route("POST", _ONE, remove_passkey, _FORM),
)
