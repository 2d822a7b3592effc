"""Timelines: home, public, a hashtag's; favourites and bookmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.tags import TagFilter
from kwip.schemas.discovery.tags import TagsQuery
from kwip.schemas.pages import FilteredQuery
from kwip.schemas.posting.posts import StatusSchema
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.timelines.views import PostView


def home_timeline() -> Response:
    """Return the home timeline: statuses by the viewer and the accounts they follow."""
    page = http.services().timelines.home(
        http.signed_in(), http.loader(), http.page_request()
    )
    return http.answer_page(StatusSchema, page)


def public_timeline() -> Response:
    """Return the public timeline."""
    asked = http.load_query(FilteredQuery())
    page: Page[PostView] = Page(items=())
    if not (asked.is_empty or asked.only_pinned):
        page = http.services().timelines.public(
            http.viewer(), http.loader(), asked.page, only_media=asked.only_media
        )
    return http.answer_page(StatusSchema, page)


def tag_timeline(name: str) -> Response:
    """Return public statuses with a hashtag, and with or without others."""
    asked = http.load_query(TagsQuery())
    wanted = TagFilter(
        tuple(dict.fromkeys([clean_hashtag(name), *_names(asked.any_of, "any")])),
        _names(asked.all_of, "all"),
        _names(asked.none_of, "none"),
    )
    page = http.services().hashtag_timelines.page(
        http.viewer(), http.loader(), wanted, asked.page
    )
    return http.answer_page(StatusSchema, page)


def _names(written: Sequence[str], mode: str) -> tuple[str, ...]:
    return tuple(clean_hashtag(name, field=mode) for name in written)


def favourites() -> Response:
    """Return the viewer's favourites, the latest first."""
    page = http.services().id_lists.posts(
        http.signed_in(), http.loader(), "favourites", http.page_request()
    )
    return http.answer_page(StatusSchema, page)


def bookmarks() -> Response:
    """Return the viewer's bookmarks, the latest first."""
    page = http.services().id_lists.posts(
        http.signed_in(), http.loader(), "bookmarks", http.page_request()
    )
    return http.answer_page(StatusSchema, page)


ROUTES = (
    Route("GET", "/api/v1/timelines/home", home_timeline, policies.CACHED_HOME),
    Route(
        "GET", "/api/v1/timelines/public", public_timeline, policies.CACHED_OPEN_READ
    ),
    Route(
        "GET",
        "/api/v1/timelines/tag/<string(maxlength=200):name>",
        tag_timeline,
        policies.CACHED_OPEN_READ,
    ),
    Route("GET", "/api/v1/favourites", favourites, policies.READ),
    Route("GET", "/api/v1/bookmarks", bookmarks, policies.READ),
)
