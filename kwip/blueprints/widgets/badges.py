"""Badges: a small picture with a number or the newest kwip of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.domain.timelines.pages import PageRequest
from kwip.schemas.timelines import badges
from kwip.services.timelines.timelines import Kinds
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from kwip.domain.users import User
    from kwip.schemas.timelines.badges import BadgeRequest

BADGE = Policy(
    auth="none", scope=None, quota="api", cache="widget", csrf="none", page_cache="page"
)
_NOTHING_RUNS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def badge(username: str) -> Response:
    """Return a user's badge as SVG."""
    asked = http.load_query(badges.BadgeQuery())
    user = http.services().widgets.profile(http.loader(), username)
    label, value = _says(user, asked)
    drawn = badges.draw(label, value, asked)
    response = Response(drawn, content_type="image/svg+xml; charset=utf-8")
    response.headers["Content-Security-Policy"] = _NOTHING_RUNS
    return response


def _says(user: User, asked: BadgeRequest) -> tuple[str, str]:
    if asked.show == "latest":
        return f"@{user.username}", _latest(user)
    is_followers = asked.show == "followers"
    count = user.followers_count if is_followers else user.posts_count
    return badges.counted(asked.show, count)


def _latest(user: User) -> str:
    """Return the words of a user's newest kwip that is no reply and no repost."""
    kinds = Kinds(replies=False, reposts=False)
    page = http.services().widgets.user(
        http.loader(), user.username, PageRequest(limit=1), kinds
    )
    if not page.items:
        return gettext("No kwips yet")
    post = page.items[0].post
    described = " ".join(each.description for each in post.media)
    shown = post.warning or post.text or described or gettext("Picture")
    return badges.shortened(shown)


ROUTES = (Route("GET", "/badge/<name:username>.svg", badge, BADGE),)
