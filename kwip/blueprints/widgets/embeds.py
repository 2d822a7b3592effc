"""Pages for frames on other sites: a kwip, a thread, a user, favourites, and so on.

They read what the JSON widgets read, work without a script, and know no reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, render_template

from kwip.blueprints import http
from kwip.blueprints.answers import framing
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Route
from kwip.domain.timelines import surrogate_keys
from kwip.schemas.timelines.embeds import (
    EmbeddedTimelineQuery,
    EmbeddedUserQuery,
    EmbedQuery,
)
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import ListId, PostId


def embed_post(post_id: PostId) -> Response:
    """Show one kwip."""
    http.load_query(EmbedQuery())
    view = http.services().widgets.post(http.loader(), post_id)
    shown = _page("post", view.author, view=view)
    return name_entities(shown, [view], surrogate_keys.of_post(post_id))


def embed_user(username: str) -> Response:
    """Show a user's newest public kwips and reposts, under their name."""
    asked = http.load_query(EmbeddedUserQuery())
    user, page = http.services().widgets.user(
        http.loader(), username, asked.page, asked.kinds
    )
    shown = _page("user", user, page=page, user=user)
    return name_entities(shown, page.items, surrogate_keys.of_user(user.id))


def embed_favourites(username: str) -> Response:
    """Show the public kwips that a user favourited last."""
    asked = http.load_query(EmbeddedTimelineQuery())
    user, page = http.services().widgets.favourites(http.loader(), username, asked.page)
    shown = _page("favourites", user, page=page, user=user)
    named = surrogate_keys.of_favourites(user.id), surrogate_keys.of_user(user.id)
    return name_entities(shown, page.items, *named)


def embed_tag(name: str) -> Response:
    """Show the newest public kwips with a hashtag."""
    asked = http.load_query(EmbeddedTimelineQuery())
    tag = clean_hashtag(name)
    page = http.services().widgets.tag(http.loader(), tag, asked.page)
    shown = _page("tag", None, page=page, tag=tag)
    return name_entities(shown, page.items, surrogate_keys.of_tag(tag))


def embed_list(list_id: ListId) -> Response:
    """Show the newest public kwips of the members of a public list."""
    asked = http.load_query(EmbeddedUserQuery())
    about, owner, page = http.services().widgets.lists.page(
        http.loader(), list_id, asked.page, asked.kinds
    )
    shown = _page("list", owner, page=page, list=about, owner=owner)
    named = surrogate_keys.of_list(list_id), surrogate_keys.of_user(owner.id)
    return name_entities(shown, page.items, *named)


def embed_thread(post_id: PostId) -> Response:
    """Show a kwip and its conversation, in reading order."""
    asked = http.load_query(EmbeddedTimelineQuery())
    page = http.services().widgets.thread(http.loader(), post_id, asked.page)
    author = page.post.author
    guests = http.services().widgets.guests(http.loader(), page.post)
    shown = _page("thread", author, page=page, post_id=post_id, guests=guests)
    named = surrogate_keys.of_post(post_id), surrogate_keys.of_user(author.id)
    return name_entities(shown, page.items, *named)


def _page(name: str, owner: User | None, /, **context: object) -> Response:
    """Show a page, in a frame of the sites that its owner allows."""
    if owner is not None:
        framing.allow_only(owner.embed_origins)
    return make_response(render_template(f"embed/{name}.html", **context))


_USER = "/embed/user/<name:username>"

ROUTES = (
    Route("GET", "/embed/post/<id:post_id>", embed_post, WIDGET),
    Route("GET", _USER, embed_user, WIDGET),
    Route("GET", f"{_USER}/favourites", embed_favourites, WIDGET),
    Route("GET", "/embed/tag/<string(maxlength=200):name>", embed_tag, WIDGET),
    Route("GET", "/embed/list/<id:list_id>", embed_list, WIDGET),
    Route("GET", "/embed/thread/<id:post_id>", embed_thread, WIDGET),
)
