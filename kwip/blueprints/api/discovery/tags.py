"""Hashtags: their names and pages, and which ones the viewer follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.discovery.tags import TagSchema
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response


def tag(name: str) -> Response:
    """Return a hashtag, even if nobody has used it."""
    found = http.services().followed_tags.get(
        http.viewer(), http.loader(), clean_hashtag(name)
    )
    return http.answer_dumped(TagSchema, found)


def follow_tag(name: str) -> Response:
    """Follow a hashtag: public statuses with it appear in home."""
    found = http.services().followed_tags.follow(http.signed_in(), clean_hashtag(name))
    return http.answer_dumped(TagSchema, found)


def unfollow_tag(name: str) -> Response:
    """Unfollow a hashtag."""
    found = http.services().followed_tags.unfollow(
        http.signed_in(), clean_hashtag(name)
    )
    return http.answer_dumped(TagSchema, found)


def followed_tags() -> Response:
    """Return the hashtags that the viewer follows, sorted by name."""
    found = http.services().followed_tags.overview(http.signed_in(), http.loader())
    return http.answer_list(TagSchema, found)


_TAG, _FOLLOW = "/api/v1/tags/<string(maxlength=200):name>", policies.write("follows")

ROUTES = (
    Route("GET", _TAG, tag, policies.OPEN_READ),
    Route("POST", f"{_TAG}/follow", follow_tag, _FOLLOW),
    Route("POST", f"{_TAG}/unfollow", unfollow_tag, _FOLLOW),
    Route("GET", "/api/v1/followed_tags", followed_tags, policies.READ),
)
