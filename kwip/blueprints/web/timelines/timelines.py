"""Timelines as pages: public, home, and a user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    CACHED_HOME,
    CACHED_OPEN,
    OPEN_PART,
    OWN,
    OWN_PART,
    form_policy,
    go,
    page,
    timeline_request,
)
from kwip.blueprints.web.posting.compose_form import blank_sheet
from kwip.domain.social.keyword_filters import FilterContext
from kwip.domain.timelines.pages import MAX_LIMIT, PageRequest
from kwip.domain.timelines.pushdown import ALL_KINDS, Kinds
from kwip.schemas.pages import SinceQuery
from kwip.schemas.timelines.notifications import SeenForm
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response


def landing() -> Response:
    """Show the public timeline; visitors also see what Kwip is."""
    asked = timeline_request(FilterContext.PUBLIC)
    found = http.services().timelines.public(http.viewer(), http.loader(), asked)
    return page("landing.html", page=found, asked=asked)


def home() -> Response:
    """Show the viewer's home, with the form for a new kwip."""
    viewer, asked = http.signed_in(), timeline_request(FilterContext.HOME)
    found = http.services().timelines.home(viewer, http.loader(), asked)
    return page("home.html", page=found, asked=asked, sheet=blank_sheet())


def catch_up() -> Response:
    """Show home from where the viewer stopped, oldest first."""
    asked = timeline_request(FilterContext.HOME)
    # The longest page, because its length says how much is new.
    asked = PageRequest(
        limit=MAX_LIMIT,
        folds_repeats=asked.folds_repeats,
        shows_parents=True,
        filtering=asked.filtering,
    )
    found = http.services().catch_up.page(http.signed_in(), http.loader(), asked)
    return page(
        "catch_up.html",
        page=found.page,
        stopped_at=found.stopped_at,
        most=asked.limit,
    )


def read_home() -> Response:
    """Save the viewer's reading position in home, and continue."""
    last_read_id = http.load_form(SeenForm())
    http.services().markers.see(http.signed_in(), "home", last_read_id)
    return go(url_for("web.catch_up", _anchor="main"))


def new_in_public() -> Response:
    """Return kwips that are newer than an open public timeline, as HTML fragments."""
    found = http.services().timelines.public(
        http.viewer(), http.loader(), http.load_query(SinceQuery(FilterContext.PUBLIC))
    )
    return page("new.html", page=found, place=url_for("web.landing"))


def new_in_home() -> Response:
    """Return kwips that are newer than an open home, as HTML fragments."""
    asked = http.load_query(SinceQuery(FilterContext.HOME))
    asked = replace(asked, shows_parents=True)
    found = http.services().timelines.home(http.signed_in(), http.loader(), asked)
    return page("new.html", page=found, place=url_for("web.home"))


def profile(username: str) -> Response:
    """Show a user's profile with their kwips, without replies."""
    return _profile(username, Kinds(replies=False))


def profile_with_replies(username: str) -> Response:
    """Show a user's profile with their kwips and replies."""
    return _profile(username, ALL_KINDS)


def profile_media(username: str) -> Response:
    """Show a user's profile with their kwips that have pictures, video or sound."""
    return _profile(username, Kinds(only_media=True))


def profile_tagged(username: str, name: str) -> Response:
    """Show a user's profile with their kwips that have a hashtag."""
    return _profile(username, ALL_KINDS, clean_hashtag(name))


def _profile(username: str, kinds: Kinds, tag: str = "") -> Response:
    view, found, pinned = http.services().profiles.profile(
        http.viewer(),
        http.loader(),
        username,
        timeline_request(FilterContext.ACCOUNT),
        kinds=kinds,
        tag=tag,
    )
    return page(
        "profile.html",
        tagged=tag,
        view=view,
        page=found,
        pinned=pinned,
        with_replies=kinds.replies and not kinds.only_media,
        only_media=kinds.only_media,
    )


def tag(name: str) -> Response:
    """Show public kwips with a hashtag, in any spelling."""
    folded = clean_hashtag(name)
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    asked = timeline_request(FilterContext.PUBLIC)
    found = services.timelines.tag(viewer, loader, folded, asked)
    view = services.followed_tags.get(viewer, loader, folded)
    place = url_for("web.tag", name=folded)
    return page("tag.html", page=found, tag=folded, view=view, place=place)


def favourites() -> Response:
    """Show the viewer's favourites."""
    return _id_list("favourites", "favourites.html")


def bookmarks() -> Response:
    """Show the viewer's bookmarks."""
    return _id_list("bookmarks", "bookmarks.html")


def _id_list(name: Literal["favourites", "bookmarks"], template: str) -> Response:
    found = http.services().id_lists.posts(
        http.signed_in(), http.loader(), name, http.page_request()
    )
    return page(template, page=found)


ROUTES = (
    Route("GET", "/", landing, CACHED_OPEN),
    Route("GET", "/home", home, CACHED_HOME),
    Route("GET", "/home/catch-up", catch_up, OWN),
    Route("POST", "/home/read", read_home, form_policy("pages")),
    Route("GET", "/new", new_in_public, OPEN_PART),
    Route("GET", "/home/new", new_in_home, OWN_PART),
    Route("GET", "/tags/<string(maxlength=200):name>", tag, CACHED_OPEN),
    Route("GET", "/favourites", favourites, OWN),
    Route("GET", "/bookmarks", bookmarks, OWN),
    Route("GET", "/@<name:username>", profile, CACHED_OPEN),
    Route("GET", "/@<name:username>/with-replies", profile_with_replies, CACHED_OPEN),
    Route("GET", "/@<name:username>/media", profile_media, CACHED_OPEN),
    Route(
        "GET",
        "/@<name:username>/tagged/<string(maxlength=200):name>",
        profile_tagged,
        CACHED_OPEN,
    ),
)
