"""Public JSON, version 1, for sites that embed timelines.

Shared caches may hold an answer for 90 s, and our own nginx for one; Kwip itself never
returns a deleted post. The body is `{"version": 1, "posts": […], "next": …}`; `next` is
the address of the following page, or null. Users who turned widgets off never appear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kwip.blueprints import http
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Policy, Route
from kwip.domain.timelines import surrogate_keys
from kwip.schemas.timelines.widget_queries import (
    FavouritesWidgetQuery,
    ListWidgetQuery,
    NoQuery,
    SearchWidgetQuery,
    ThreadWidgetQuery,
    UserWidgetQuery,
    WidgetQuery,
)
from kwip.schemas.timelines.widget_shapes import WIDGET_SCHEMA
from kwip.schemas.timelines.widgets import (
    VERSION,
    WidgetGuestSchema,
    WidgetPostSchema,
    WidgetProfileSchema,
    WidgetStatsSchema,
    nest,
)
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import ListId, PostId
    from kwip.domain.timelines.pages import Page
    from kwip.domain.timelines.views import PostView
    from kwip.schemas.timelines.widget_queries import WidgetRequest

SCHEMA = Policy(auth="none", scope=None, quota="none", cache="static", csrf="none")


def schema() -> Response:
    """Return the JSON Schema of all widgets."""
    return http.answer(WIDGET_SCHEMA)


def public_widget() -> Response:
    """Return public posts, newest first or in active order."""
    asked = http.load_query(WidgetQuery())
    page = http.services().widgets.public(
        http.loader(), asked.page, only_media=asked.only_media
    )
    return _answer(page, asked, surrogate_keys.PUBLIC)


def tag_widget(name: str) -> Response:
    """Return public posts with a hashtag, newest first or in active order."""
    asked = http.load_query(WidgetQuery())
    tag = clean_hashtag(name)
    page = http.services().widgets.tag(
        http.loader(), tag, asked.page, only_media=asked.only_media
    )
    return _answer(page, asked, surrogate_keys.of_tag(tag))


def user_widget(username: str) -> Response:
    """Return a user's public posts and reposts, in either order."""
    asked = http.load_query(UserWidgetQuery())
    user, page = http.services().widgets.user(
        http.loader(), username, asked.page, asked.kinds
    )
    return _answer(page, asked, surrogate_keys.of_user(user.id))


def profile_widget(username: str) -> Response:
    """Return a user's profile, with counts."""
    http.load_query(NoQuery())
    user = http.services().widgets.profile(http.loader(), username)
    shown = http.dump(WidgetProfileSchema, user)
    response = http.answer({"version": VERSION, "user": shown})
    return name_entities(response, (), surrogate_keys.of_user(user.id))


def stats_widget(username: str) -> Response:
    """Return what is counted of a user."""
    http.load_query(NoQuery())
    user = http.services().widgets.profile(http.loader(), username)
    shown = http.dump(WidgetStatsSchema, user)
    response = http.answer({"version": VERSION, "stats": shown})
    return name_entities(response, (), surrogate_keys.of_user(user.id))


def favourites_widget(username: str) -> Response:
    """Return the public posts that a user favourited, the latest favourite first."""
    asked = http.load_query(FavouritesWidgetQuery())
    user, page = http.services().widgets.favourites(
        http.loader(), username, asked.page, only_media=asked.only_media
    )
    named = surrogate_keys.of_favourites(user.id), surrogate_keys.of_user(user.id)
    return _answer(page, asked, *named)


def post_widget(post_id: PostId) -> Response:
    """Return one post; of a repost, the original."""
    http.load_query(NoQuery())
    view = http.services().widgets.post(http.loader(), post_id)
    shown = http.dump(WidgetPostSchema, view)
    response = http.answer({"version": VERSION, "post": shown})
    return name_entities(response, [view], surrogate_keys.of_post(post_id))


def list_widget(list_id: ListId) -> Response:
    """Return the public posts of the members of a public list, newest first."""
    asked = http.load_query(ListWidgetQuery())
    _, owner, page = http.services().widgets.lists.page(
        http.loader(), list_id, asked.page, asked.kinds
    )
    named = surrogate_keys.of_list(list_id), surrogate_keys.of_user(owner.id)
    return _answer(page, asked, *named)


def thread_widget(post_id: PostId) -> Response:
    """Return a post and its conversation, in reading order.

    `before` is the last post of the page before, as in every widget. The first page has
    the replies of guests.
    """
    asked = http.load_query(ThreadWidgetQuery())
    page = http.services().widgets.thread(
        http.loader(), post_id, asked.page, only_approved=asked.only_approved
    )
    posts = _dump(page, asked)
    shown = nest(page, posts) if asked.is_nested else posts
    guests = _guests(page.post) if asked.before is None else []
    return _send(shown, page, surrogate_keys.of_post(post_id), guests=guests)


def _guests(view: PostView) -> list[dict[str, object]]:
    found = http.services().widgets.guests(http.loader(), view)
    dumped = http.dump(WidgetGuestSchema, found, many=True)
    url = http.site().urls.guests(view)
    return [each | {"url": url} for each in cast("list[dict[str, object]]", dumped)]


def search_widget() -> Response:
    """Return public posts that match `q`, newest first."""
    asked = http.load_query(SearchWidgetQuery())
    page = http.services().search_widget.page(http.loader(), asked.text, asked.page)
    return _answer(page, asked, surrogate_keys.SEARCH)


def _answer(page: Page[PostView], asked: WidgetRequest, *lists: str) -> Response:
    return _send(_dump(page, asked), page, *lists)


def _dump(page: Page[PostView], asked: WidgetRequest) -> list[dict[str, object]]:
    dumped = http.dump(WidgetPostSchema, page.items, many=True)
    posts = cast("list[dict[str, object]]", dumped)
    if not asked.keys:
        return posts
    return [{k: v for k, v in post.items() if k in asked.keys} for post in posts]


def _send(
    posts: list[dict[str, object]], page: Page[PostView], *lists: str, **more: object
) -> Response:
    following = None
    if page.next_max_id is not None:
        then = {} if page.as_of is None else {"as_of": str(page.as_of)}
        following = http.page_url(before=str(page.next_max_id), **then)
    shown = {"version": VERSION, "posts": posts, "next": following}
    response = http.answer(shown | more)
    return name_entities(response, page.items, *lists)


_ROOT = "/api/widgets/v1"
_USER = f"{_ROOT}/user/<name:username>"

ROUTES = (
    Route("GET", f"{_ROOT}/schema.json", schema, SCHEMA),
    Route("GET", f"{_ROOT}/public", public_widget, WIDGET),
    Route("GET", f"{_ROOT}/tag/<string(maxlength=200):name>", tag_widget, WIDGET),
    Route("GET", _USER, user_widget, WIDGET),
    Route("GET", f"{_USER}/profile", profile_widget, WIDGET),
    Route("GET", f"{_USER}/stats", stats_widget, WIDGET),
    Route("GET", f"{_USER}/favourites", favourites_widget, WIDGET),
    Route("GET", f"{_ROOT}/list/<id:list_id>", list_widget, WIDGET),
    Route("GET", f"{_ROOT}/search", search_widget, WIDGET),
    Route("GET", f"{_ROOT}/post/<id:post_id>", post_widget, WIDGET),
    Route("GET", f"{_ROOT}/thread/<id:post_id>", thread_widget, WIDGET),
)
