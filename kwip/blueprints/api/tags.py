"""Hashtags: what a tag is called and where its posts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.tags import TagSchema
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response


def tag(name: str) -> Response:
    """Show a hashtag, used or not."""
    return http.answer_dumped(TagSchema, clean_hashtag(name))


ROUTES = (
    Route(
        "GET",
        "/api/v1/tags/<string(maxlength=200):name>",
        tag,
        policies.OPEN_READ,
    ),
)
