"""Explore: what is trending, and people to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    CACHED_OPEN,
    CACHED_PART,
    OPEN,
    form_policy,
    go,
    page,
    way_back,
)
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.pages import Page
from kwip.schemas.discovery.suggestions import DirectoryQuery
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.timelines.views import UserView

#: Hashtags and people beside wide pages.
MAX_SIDE_TAGS, MAX_SIDE_PEOPLE = 5, 3


def explore() -> Response:
    """Show the kwips that trend."""
    filtering = Filtering(context=FilterContext.PUBLIC)
    found = http.services().trends.posts(http.viewer(), http.loader(), filtering)
    return _page("posts", gettext("Trending kwips"), found)


def explore_tags() -> Response:
    """Show the hashtags that trend."""
    found = http.services().trends.tags(http.viewer(), http.loader())
    return _page("tags", gettext("Trending hashtags"), found)


def explore_links() -> Response:
    """Show the links that trend."""
    found = http.services().trends.links(http.viewer(), http.loader())
    return _page("links", gettext("Trending links"), found)


def explore_people() -> Response:
    """Show people to follow: suggestions, or popular ones to visitors."""
    return _page("people", gettext("People to follow"), _people())


def directory() -> Response:
    """List everyone who wants to be found."""
    asked = http.load_query(DirectoryQuery())
    found = http.services().suggestions.directory(
        http.viewer(), http.loader(), asked.order, asked.part
    )
    return page("directory.html", page=found, asked=asked)


def dismiss_suggestion(username: str) -> Response:
    """Suggest somebody no more."""
    back = way_back(url_for("web.explore_people"))
    services = http.services()
    user_id = services.users.id_of(http.loader(), username)
    services.suggestions.dismiss(http.signed_in(), user_id)
    return go(back, gettext("We won't suggest @%(name)s again.", name=username))


def _people() -> Sequence[UserView]:
    viewer, loader = http.viewer(), http.loader()
    if viewer is None:
        return http.services().suggestions.popular(viewer, loader)
    return [each.view for each in http.services().suggestions.of(viewer, loader)]


def explore_side() -> Response:
    """Return what stands beside wide pages, as HTML fragments."""
    tags = http.services().trends.tags(http.viewer(), http.loader())
    people = _people()[:MAX_SIDE_PEOPLE]
    return page("explore_side.html", tags=tags[:MAX_SIDE_TAGS], people=people)


def _page(kind: str, title: str, found: Sequence[object]) -> Response:
    whole: Page[object] = Page(items=tuple(found))
    return page("explore.html", kind=kind, title=title, page=whole)


ROUTES = (
    Route("GET", "/explore", explore, CACHED_OPEN),
    Route("GET", "/explore/hashtags", explore_tags, CACHED_OPEN),
    Route("GET", "/explore/links", explore_links, CACHED_OPEN),
    Route("GET", "/explore/people", explore_people, CACHED_OPEN),
    Route("GET", "/directory", directory, OPEN),
    Route(
        "POST",
        "/@<name:username>/dismiss",
        dismiss_suggestion,
        form_policy("pages"),
    ),
    Route("GET", "/explore/side", explore_side, CACHED_PART),
)
