"""Decisions about the viewer, and appeals; also for people who can't log in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, OWN, Form, form_policy, go, page, page_again
from kwip.domain.errors import ConflictError, InvalidError
from kwip.schemas.accounts.mail import LinkQuery
from kwip.schemas.moderation.strikes import AppealForm, LinkedAppealForm
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from flask import Response

_SENT = lazy_gettext("Your appeal was sent. You'll get an email with the answer.")


def strike_settings() -> Response:
    """Show what moderators decided about the viewer."""
    views = http.services().strikes.of_viewer(http.signed_in())
    return page("settings_strikes.html", views=views, form=Form())


def appeal_strike(strike_id: int) -> Response:
    """Appeal against a decision about the viewer."""
    strikes, viewer = http.services().strikes, http.signed_in()
    try:
        strikes.appeal(viewer.id, strike_id, http.load_form(AppealForm()))
    except (InvalidError, ConflictError) as error:
        views = strikes.of_viewer(viewer)
        return page_again("settings_strikes.html", error, views=views, at_id=strike_id)
    return go(url_for("web.strike_settings"), str(_SENT))


def appeal_link() -> Response:
    """Show the decision that a mail is about, to whoever has its link."""
    link = http.load_query(LinkQuery())
    view = http.services().strikes.opened(link)
    response = page("appeal.html", view=view, link=link, form=Form())
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def send_linked_appeal() -> Response:
    """Appeal with the link of a mail, without logging in."""
    strikes = http.services().strikes
    sent = http.load_form(LinkedAppealForm())
    strike = strikes.opened(sent.link).strike
    try:
        strikes.appeal(strike.user_id, strike.id, sent.text)
    except (InvalidError, ConflictError) as error:
        view = strikes.opened(sent.link)
        return page_again("appeal.html", error, view=view, link=sent.link)
    return go(url_for("web.appeal_link", link=sent.link), str(_SENT))


#: The address of such a page has a secret.
_LINKED = replace(OPEN, cache="never", secondaries="nobody", asks_nothing=True)
_LINKED_FORM = replace(_LINKED, csrf="form", asks_nothing=False)

ROUTES = (
    Route("GET", "/settings/strikes", strike_settings, OWN),
    Route(
        "POST",
        "/settings/strikes/<id:strike_id>",
        appeal_strike,
        form_policy("pages"),
    ),
    Route("GET", "/appeal", appeal_link, _LINKED),
    Route("POST", "/appeal", send_linked_appeal, _LINKED_FORM),
)
