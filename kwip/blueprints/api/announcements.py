"""Announcements of the site's administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.accounts.announcements import AnnouncementSchema, AnnouncementsQuery

if TYPE_CHECKING:
    from flask import Response


def announcements() -> Response:
    """Return what is announced now; without what the viewer has dismissed."""
    with_dismissed = http.load_query(AnnouncementsQuery())
    services, viewer = http.services(), http.signed_in()
    me = services.users.me(viewer, http.loader())
    views = services.announcements.views(me)
    shown = [view for view in views if with_dismissed or not view.is_dismissed]
    return http.answer_list(AnnouncementSchema, shown)


def dismiss_announcement(announcement_id: int) -> Response:
    """Show an announcement no more to the viewer."""
    http.services().announcements.dismiss(http.signed_in(), announcement_id)
    return http.answer({})


_ALL = "/api/v1/announcements"

ROUTES = (
    Route("GET", _ALL, announcements, policies.READ),
    Route(
        "POST",
        f"{_ALL}/<id:announcement_id>/dismiss",
        dismiss_announcement,
        policies.write("api"),
    ),
)
