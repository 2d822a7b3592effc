"""Follow and unfollow hashtags: one button each.

The buttons share their page's one form, which says where to go back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import form_policy, go, way_back
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def follow_tag(name: str) -> Response:
    """Follow a hashtag: public kwips with it appear in home."""
    folded = clean_hashtag(name)
    back = _back(folded)
    http.services().followed_tags.follow(http.signed_in(), folded)
    return go(back, gettext("You're following #%(tag)s.", tag=folded))


def unfollow_tag(name: str) -> Response:
    """Unfollow a hashtag."""
    folded = clean_hashtag(name)
    back = _back(folded)
    http.services().followed_tags.unfollow(http.signed_in(), folded)
    return go(back, gettext("You unfollowed #%(tag)s.", tag=folded))


def _back(tag: str) -> str:
    return way_back(url_for("web.tag", name=tag))


_TAG, _FOLLOW = "/tags/<string(maxlength=200):name>", form_policy("follows")

ROUTES = (
    Route("POST", f"{_TAG}/follow", follow_tag, _FOLLOW),
    Route("POST", f"{_TAG}/unfollow", unfollow_tag, _FOLLOW),
)
