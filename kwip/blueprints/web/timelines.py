"""Timelines as pages: the public one, home, and a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, OWN, page
from kwip.blueprints.web.writing import blank_sheet

if TYPE_CHECKING:
    from flask import Response


def landing() -> Response:
    """Show the public timeline, and to visitors what Kwip is."""
    found = http.services().timelines.public(
        http.viewer(), http.reading(), http.page_request()
    )
    return page("landing.html", page=found)


def home() -> Response:
    """Show the viewer's home under a sheet to write on."""
    viewer = http.signed_in()
    found = http.services().timelines.home(viewer, http.reading(), http.page_request())
    return page("home.html", page=found, sheet=blank_sheet())


def profile(username: str) -> Response:
    """Show who a user is, and what they wrote to everybody."""
    return _profile(username, with_replies=False)


def profile_with_replies(username: str) -> Response:
    """Show who a user is, and all they wrote."""
    return _profile(username, with_replies=True)


def _profile(username: str, *, with_replies: bool) -> Response:
    view, found = http.services().profiles.profile(
        http.viewer(),
        http.reading(),
        username,
        http.page_request(),
        with_replies=with_replies,
    )
    return page("profile.html", view=view, page=found, with_replies=with_replies)


ROUTES = (
    Route("GET", "/", landing, OPEN),
    Route("GET", "/home", home, OWN),
    Route("GET", "/@<name:username>", profile, OPEN),
    Route("GET", "/@<name:username>/with-replies", profile_with_replies, OPEN),
)
