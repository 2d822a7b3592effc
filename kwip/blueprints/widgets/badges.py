"""Badges: a small picture with a number or the newest kwip of a user."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response

from kwip.blueprints import http
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Route
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.timelines import surrogate_keys
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import Kinds
from kwip.schemas.timelines import badges
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import User
    from kwip.domain.timelines.views import PostView
    from kwip.schemas.timelines.badges import BadgeRequest

#: Who is nobody now may sign up, or allow widgets again.
_MISSING_CACHE = "public, max-age=60"
_NOTHING_RUNS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def badge(username: str) -> Response:
    """Return a user's badge as SVG."""
    asked = http.load_query(badges.BadgeQuery())
    try:
        user = http.services().widgets.profile(http.loader(), username)
    except (NotFoundError, GoneError):
        return _missing(username, asked)
    newest = _newest(user) if asked.show == "latest" else ()
    label, value = _says(user, asked, newest)
    response = _svg(badges.draw(label, value, asked))
    return name_entities(response, newest, surrogate_keys.of_user(user.id))


def _missing(username: str, asked: BadgeRequest) -> Response:
    """Say in a picture that there is none, which browsers show despite the status."""
    label, value = f"@{username.lower()}", gettext("not found")
    response = _svg(badges.draw(label, value, asked, ground=badges.GREY))
    response.status_code = HTTPStatus.NOT_FOUND
    response.headers["Cache-Control"] = _MISSING_CACHE
    return response


def _svg(drawn: str) -> Response:
    response = Response(drawn, content_type="image/svg+xml; charset=utf-8")
    response.headers["Content-Security-Policy"] = _NOTHING_RUNS
    return response


def _says(
    user: User, asked: BadgeRequest, newest: Sequence[PostView]
) -> tuple[str, str]:
    if asked.show == "latest":
        return f"@{user.username}", _words_of(newest)
    is_followers = asked.show == "followers"
    count = user.followers_count if is_followers else user.posts_count
    return badges.counted(asked.show, count)


def _newest(user: User) -> Sequence[PostView]:
    """Return a user's newest kwip that is no reply and no repost, if there is one."""
    kinds = Kinds(replies=False, reposts=False)
    _, page = http.services().widgets.user(
        http.loader(), user.username, PageRequest(limit=1), kinds
    )
    return page.items


def _words_of(newest: Sequence[PostView]) -> str:
    if not newest:
        return gettext("No kwips yet")
    post = newest[0].post
    described = " ".join(each.description for each in post.media)
    shown = post.warning or post.text or described or gettext("Picture")
    return badges.shortened(shown)


ROUTES = (Route("GET", "/badge/<name:username>.svg", badge, WIDGET),)
