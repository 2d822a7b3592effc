"""Trends: hashtags, statuses and links that many different people use now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.discovery.tags import TagSchema
from kwip.schemas.discovery.trends import PartQuery, ShortPartQuery, TrendsLinkSchema
from kwip.schemas.posting.posts import StatusSchema

if TYPE_CHECKING:
    from flask import Response


def trending_tags() -> Response:
    """Return the hashtags that trend, with their use in the last seven days."""
    part = http.load_query(ShortPartQuery())
    found = http.services().trends.tags(http.viewer(), http.loader())
    return http.answer_list(TagSchema, part.of(found))


def trending_tags_v1() -> Response:
    """Return the same, for older apps."""
    return trending_tags()


def trending_statuses() -> Response:
    """Return the statuses that trend."""
    part = http.load_query(PartQuery())
    found = http.services().trends.posts(http.viewer(), http.loader())
    return http.answer_list(StatusSchema, part.of(found))


def trending_links() -> Response:
    """Return the links that trend, with their use in the last seven days."""
    part = http.load_query(ShortPartQuery())
    found = http.services().trends.links(http.viewer(), http.loader())
    return http.answer_list(TrendsLinkSchema, part.of(found))


_TRENDS, _READ = "/api/v1/trends", policies.CACHED_OPEN_READ

ROUTES = (
    Route("GET", _TRENDS, trending_tags_v1, _READ),
    Route("GET", f"{_TRENDS}/tags", trending_tags, _READ),
    Route("GET", f"{_TRENDS}/statuses", trending_statuses, _READ),
    Route("GET", f"{_TRENDS}/links", trending_links, _READ),
)
