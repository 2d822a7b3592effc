"""Announcements above every page of members, until they dismiss them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import form_policy, go, way_back
from kwip.schemas.markdown import page_html

if TYPE_CHECKING:
    from flask import Response


def announced() -> list[tuple[int, str]]:
    """Return the ids and the HTML of what the viewer has not dismissed; no I/O."""
    me = http.me()
    if me is None:
        return []
    views = http.services().announcements.views(me)
    return [
        (view.announcement.id, page_html(view.announcement.text))
        for view in views
        if not view.is_dismissed
    ]


def dismiss_announcement(announcement_id: int) -> Response:
    """Show an announcement no more to the viewer."""
    back = way_back(url_for("web.home"))
    http.services().announcements.dismiss(http.signed_in(), announcement_id)
    return go(back)


ROUTES = (
    Route(
        "POST",
        "/announcements/<id:announcement_id>/dismiss",
        dismiss_announcement,
        form_policy("pages"),
    ),
)
