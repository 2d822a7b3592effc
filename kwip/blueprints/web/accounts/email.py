"""The email address of an account: confirm it, change it, change it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts import two_factor
from kwip.blueprints.web.pages import (
    SECRET,
    Form,
    form_policy,
    go,
    page,
    page_again,
)
from kwip.domain.errors import InvalidError, RateLimitedError
from kwip.domain.mail.mails import MailKind
from kwip.schemas.accounts.mail import EmailForm, LinkQuery
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def email_settings() -> Response:
    """Show the viewer's address, and the form to change it."""
    return page("settings_email.html", form=Form(), **_proving())


def change_email() -> Response:
    """Send a link to the new address."""
    try:
        form = http.load_form(EmailForm())
        email = http.services().email_address.change(
            http.signed_in(), two_factor.with_challenge(form.proof), form.email
        )
    except (InvalidError, RateLimitedError) as error:
        return page_again("settings_email.html", error, **_proving())
    message = gettext("We've sent a link to %(email)s. Open it.", email=email)
    return go(url_for("web.email_settings"), message)


def ask_to_confirm() -> Response:
    """Send another link to the viewer's address."""
    http.load_form(ActForm())
    email = http.services().email_address.ask_again(http.signed_in())
    message = gettext("Your email address is confirmed.")
    if email:
        message = gettext("We've sent a link to %(email)s. Open it.", email=email)
    return go(url_for("web.email_settings"), message)


def try_email_again() -> Response:
    """Mail notifications again to an address that was refused."""
    http.load_form(ActForm())
    http.services().email_address.try_again(http.signed_in())
    message = gettext("We'll try again with the next email.")
    return go(url_for("web.email_settings"), message)


def email_link() -> Response:
    """Ask to confirm an address; only sending it uses up the link."""
    return _ask(MailKind.CONFIRM_EMAIL, "email_confirm.html")


def confirm_email() -> Response:
    """Confirm an address."""
    email = http.services().email_address.confirm(http.load_form(LinkQuery()))
    where = "web.email_settings" if http.viewer() else "web.login"
    return go(url_for(where), gettext("%(email)s is confirmed.", email=email))


def undo_link() -> Response:
    """Ask whether to go back to the old address."""
    return _ask(MailKind.EMAIL_CHANGED, "email_undo.html")


def undo_email() -> Response:
    """Go back to the old address."""
    email = http.services().email_address.undo(http.load_form(LinkQuery()))
    message = gettext(
        "Your account has the address %(email)s again. Now choose a new password.",
        email=email,
    )
    return go(url_for("web.forgot_password"), message)


def _ask(kind: MailKind, template: str) -> Response:
    link = http.load_query(LinkQuery())
    mail = http.services().email_address.pending(kind, link)
    response = page(template, link=link, email=mail.address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def known() -> dict[str, object]:
    """Return what pages about mail show: the viewer's address."""
    return {"mailbox": http.services().email_address.mailbox(http.signed_in())}


def _proving() -> dict[str, object]:
    return {**known(), **two_factor.known()}


#: The address of such a page has a secret.
LINK = Policy(
    auth="optional",
    scope=None,
    quota="pages",
    cache="never",
    csrf="none",
    asks_nothing=True,
)
LINK_FORM = replace(LINK, csrf="form", asks_nothing=False)
_FORM = form_policy("pages")

ROUTES = (
    Route("GET", "/settings/email", email_settings, SECRET),
    Route("POST", "/settings/email", change_email, _FORM),
    Route("POST", "/settings/email/confirm", ask_to_confirm, _FORM),
    Route("POST", "/settings/email/retry", try_email_again, _FORM),
    Route("GET", "/email/confirm", email_link, LINK),
    Route("POST", "/email/confirm", confirm_email, LINK_FORM),
    Route("GET", "/email/undo", undo_link, LINK),
    Route("POST", "/email/undo", undo_email, LINK_FORM),
)
