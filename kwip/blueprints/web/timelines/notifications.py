"""The viewer's notifications as pages, and the marker that says which were read."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, OWN_PART, form_policy, go, page
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.notifications import (
    EVERYTHING,
    SPOKEN_TO,
    NotificationKind,
    Selection,
)
from kwip.domain.timelines.pages import MAX_LIMIT
from kwip.schemas.pages import SinceQuery
from kwip.schemas.timelines.notifications import SeenForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

_HERE = Filtering(context=FilterContext.NOTIFICATIONS)
#: The filters of the page, and the kinds that each shows.
SOME: Mapping[str, frozenset[NotificationKind]] = MappingProxyType(
    {
        "mentions": SPOKEN_TO,
        "direct": SPOKEN_TO,
        "follows": frozenset(
            {NotificationKind.FOLLOW, NotificationKind.FOLLOW_REQUEST}
        ),
        "favourites": frozenset({NotificationKind.FAVOURITE}),
        "reposts": frozenset({NotificationKind.REPOST}),
    }
)


def notifications() -> Response:
    """Show the viewer's notifications, without marking them as read."""
    return _overview("notifications.html", EVERYTHING)


def some_notifications(chosen: str) -> Response:
    """Show only some kinds of notifications, or direct kwips."""
    return _overview("notifications.html", Selection(SOME[chosen]), chosen)


def new_notifications() -> Response:
    """Return notifications that are newer than an open page, as HTML fragments."""
    found = http.services().notifications.overview(
        http.signed_in(),
        http.loader(),
        http.load_query(SinceQuery(FilterContext.NOTIFICATIONS)),
    )
    return page("notifications_new.html", overview=found, page=found.page)


def _overview(template: str, wanted: Selection, name: str = "") -> Response:
    # One sentence may group many notifications, so ask for as many as possible.
    asked = replace(http.page_request(), limit=MAX_LIMIT, filtering=_HERE)
    found = http.services().notifications.overview(
        http.signed_in(), http.loader(), asked, wanted, is_direct=name == "direct"
    )
    return page(template, overview=found, page=found.page, chosen=name)


def see_notifications() -> Response:
    """Mark the notifications that a page has shown as read."""
    last_read_id = http.load_form(SeenForm())
    http.services().markers.see(http.signed_in(), "notifications", last_read_id)
    return go(url_for("web.notifications"))


ROUTES = (
    Route("GET", "/notifications", notifications, OWN),
    Route(
        "GET",
        f"/notifications/<any({', '.join(SOME)}):chosen>",
        some_notifications,
        OWN,
    ),
    Route("GET", "/notifications/new", new_notifications, OWN_PART),
    Route("POST", "/notifications/seen", see_notifications, form_policy("pages")),
)
