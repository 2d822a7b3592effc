"""Public JSON for sites that embed timelines: no token, no cookie, any origin.

Shared caches may hold an answer for 30 s; a deleted post is gone from the origin at
once. The body is `{"version": 1, "posts": […], "next": …}`; `next` is the address of
the following page, or null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.domain.errors import InvalidError
from kwip.domain.pages import PageRequest
from kwip.schemas.widgets import WidgetPostSchema, WidgetQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.ids import PostId
    from kwip.domain.pages import Page
    from kwip.domain.views import PostView

WIDGET = Policy(auth="none", scope=None, quota="api", cache="widget", csrf="none")


def public_widget() -> Response:
    """Show everybody's public posts, newest first."""
    page = http.services().timelines.public(None, http.reading(), _page_request())
    return _answer_page(page)


def user_widget(username: str) -> Response:
    """Show what a user published for everybody, newest first."""
    asked, reading = _page_request(), http.reading()
    user_id = http.services().users.id_of(reading, username)
    page = http.services().timelines.user(None, reading, user_id, asked)
    return _answer_page(page)


def thread_widget(post_id: PostId) -> Response:
    """Show a post and its conversation, in reading order.

    `before` is the last post of the page before, as in every widget.
    """
    asked = http.load_query(WidgetQuery())
    thread = http.services().timelines.thread(None, http.reading(), post_id)
    posts = (*thread.ancestors, thread.post, *thread.descendants)
    start = 0
    if asked.before is not None:
        ids = [view.post.id for view in posts]
        start = _after(ids, asked.before)
    shown = posts[start : start + asked.limit]
    has_more = start + asked.limit < len(posts)
    return _answer(shown, shown[-1].post.id if has_more else None)


def _page_request() -> PageRequest:
    asked = http.load_query(WidgetQuery())
    return PageRequest(limit=asked.limit, max_id=asked.before)


def _after(ids: Sequence[int], before: int) -> int:
    if before not in ids:
        raise InvalidError(
            "That is not a page of this thread.", {"before": "It is not in the thread."}
        )
    return ids.index(before) + 1


def _answer_page(page: Page[PostView]) -> Response:
    return _answer(page.items, page.next_max_id)


def _answer(views: Sequence[PostView], last_id: int | None) -> Response:
    following = None if last_id is None else http.page_url(before=str(last_id))
    posts = http.dump(WidgetPostSchema, views, many=True)
    return http.answer({"version": 1, "posts": posts, "next": following})


_ROOT = "/api/widgets/v1"

ROUTES = (
    Route("GET", f"{_ROOT}/public", public_widget, WIDGET),
    Route("GET", f"{_ROOT}/user/<name:username>", user_widget, WIDGET),
    Route("GET", f"{_ROOT}/thread/<id:post_id>", thread_widget, WIDGET),
)
