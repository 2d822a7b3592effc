"""Lists of people as pages: followers, followees, muted and blocked users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import CACHED_PART, OPEN, OPEN_PART, OWN, page

if TYPE_CHECKING:
    from flask import Response


def card(username: str) -> Response:
    """Return who a user is in short, for a page that shows their name."""
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    view = services.users.by_name(viewer, loader, username)
    known = services.people.familiar(viewer, loader, [view.user.id])
    return page("card.html", view=view, familiar=known[view.user.id])


def familiar(username: str) -> Response:
    """Return who of a user's followers the viewer follows, for the profile page."""
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    user = services.users.by_name(viewer, loader, username).user
    known = services.people.familiar(viewer, loader, [user.id])
    return page("familiar.html", familiar=known[user.id])


def followers(username: str) -> Response:
    """List the followers of a user."""
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    user = services.users.by_name(viewer, loader, username).user
    found = services.people.followers(viewer, loader, user.id, http.page_request())
    return page("followers.html", user=user, page=found)


def following(username: str) -> Response:
    """List the people a user follows."""
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    user = services.users.by_name(viewer, loader, username).user
    found = services.people.following(viewer, loader, user.id, http.page_request())
    return page("following.html", user=user, page=found)


def muted() -> Response:
    """List the users that the viewer has muted."""
    found = http.services().people.muted(
        http.signed_in(), http.loader(), http.page_request()
    )
    return page("settings_muted.html", page=found)


def blocked() -> Response:
    """List the users that the viewer has blocked."""
    found = http.services().people.blocked(
        http.signed_in(), http.loader(), http.page_request()
    )
    return page("settings_blocked.html", page=found)


ROUTES = (
    Route("GET", "/@<name:username>/card", card, OPEN_PART),
    Route("GET", "/@<name:username>/familiar", familiar, CACHED_PART),
    Route("GET", "/@<name:username>/followers", followers, OPEN),
    Route("GET", "/@<name:username>/following", following, OPEN),
    Route("GET", "/settings/muted", muted, OWN),
    Route("GET", "/settings/blocked", blocked, OWN),
)
