"""Explore: what is trending, and people to follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import CACHED_OPEN, OPEN_PART, page
from kwip.domain.timelines.pages import Page
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

#: Hashtags and people beside wide pages.
MAX_SIDE_TAGS, MAX_SIDE_PEOPLE = 5, 3


def explore() -> Response:
    """Show the kwips that trend."""
    found = http.services().trends.posts(http.viewer(), http.loader())
    return _page("posts", gettext("Trending kwips"), found)


def explore_tags() -> Response:
    """Show the hashtags that trend."""
    found = http.services().trends.tags(http.viewer(), http.loader())
    return _page("tags", gettext("Trending hashtags"), found)


def explore_links() -> Response:
    """Show the links that trend."""
    found = http.services().trends.links(http.viewer(), http.loader())
    return _page("links", gettext("Trending links"), found)


def explore_side() -> Response:
    """Return what stands beside wide pages, as HTML fragments."""
    tags = http.services().trends.tags(http.viewer(), http.loader())
    return page("explore_side.html", tags=tags[:MAX_SIDE_TAGS])


def _page(kind: str, title: str, found: Sequence[object]) -> Response:
    whole: Page[object] = Page(items=tuple(found))
    return page("explore.html", kind=kind, title=title, page=whole)


#: It changes when its parts do, like a page; but no page is it.
_SIDE = replace(OPEN_PART, cache="private", page_cache="page")

ROUTES = (
    Route("GET", "/explore", explore, CACHED_OPEN),
    Route("GET", "/explore/hashtags", explore_tags, CACHED_OPEN),
    Route("GET", "/explore/links", explore_links, CACHED_OPEN),
    Route("GET", "/explore/side", explore_side, _SIDE),
)
