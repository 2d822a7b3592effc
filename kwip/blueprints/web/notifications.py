"""The viewer's notifications as pages, and the marker that says which were read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, OWN_PART, form_policy, go, page
from kwip.domain.timelines.notifications import EVERYTHING, SPOKEN_TO, Selection
from kwip.domain.timelines.pages import MAX_LIMIT
from kwip.schemas.notifications import SeenForm
from kwip.schemas.pages import SinceQuery

if TYPE_CHECKING:
    from flask import Response


def notifications() -> Response:
    """Show the viewer's notifications, without marking them as read."""
    return _overview("notifications.html", EVERYTHING)


def mentions() -> Response:
    """Show only mentions of the viewer and replies to them."""
    return _overview("notifications.html", Selection(SPOKEN_TO), is_all=False)


def new_notifications() -> Response:
    """Return notifications that are newer than an open page, as HTML fragments."""
    found = http.services().notifications.overview(
        http.signed_in(), http.loader(), http.load_query(SinceQuery())
    )
    return page("notifications_new.html", overview=found, page=found.page)


def _overview(template: str, wanted: Selection, *, is_all: bool = True) -> Response:
    # One sentence may group many notifications, so ask for as many as possible.
    asked = replace(http.page_request(), limit=MAX_LIMIT)
    found = http.services().notifications.overview(
        http.signed_in(), http.loader(), asked, wanted
    )
    return page(template, overview=found, page=found.page, is_all=is_all)


def see_notifications() -> Response:
    """Mark the notifications that a page has shown as read."""
    last_read_id = http.load_form(SeenForm())
    http.services().markers.see(http.signed_in(), "notifications", last_read_id)
    return go(url_for("web.notifications"))


ROUTES = (
    Route("GET", "/notifications", notifications, OWN),
    Route("GET", "/notifications/mentions", mentions, OWN),
    Route("GET", "/notifications/new", new_notifications, OWN_PART),
    Route("POST", "/notifications/seen", see_notifications, form_policy("pages")),
)
