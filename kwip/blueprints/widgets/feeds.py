"""Feeds: what readers and other programs subscribe to, at a page's own address.

`/@alice.rss` has what the page `/@alice` shows, as RSS; `.atom` and `.json` are the
other formats. A new kind is a function and a row of `ROUTES`; a new format is a row of
`FORMATS`. They are read as widgets are, so they have nothing by users who turned
widgets off.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from operator import attrgetter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, redirect

from kwip.blueprints import http, languages
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Route
from kwip.domain.timelines import surrogate_keys
from kwip.domain.timelines.pushdown import ALL_KINDS, Kinds
from kwip.schemas.timelines.feed_formats import FORMATS
from kwip.schemas.timelines.feeds import (
    Feed,
    FeedAbout,
    FeedQuery,
    SearchFeedQuery,
    author_of,
    entry_of,
    entry_of_guest,
    icon_of,
)
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kwip.domain.ids import ListId, PostId
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.schemas.timelines.feeds import FeedEntry


def public_feed(extension: str) -> Response:
    """Return the public timeline as a feed."""
    _, asked = http.load_query(FeedQuery())
    found = http.services().widgets.public(http.loader(), asked)
    site = http.site()
    about = FeedAbout(
        title=gettext("Public timeline · %(site)s", site=site.info.title),
        description=gettext("Public kwips."),
        page_url=f"{site.urls.origin}/",
        base=f"{site.urls.origin}/public",
        icon=icon_of(None, site.urls),
    )
    return _answer(extension, about, asked, found, surrogate_keys.PUBLIC)


def tag_feed(name: str, extension: str) -> Response:
    """Return public posts with a hashtag as a feed."""
    tag, (_, asked) = clean_hashtag(name), http.load_query(FeedQuery())
    found = http.services().widgets.tag(http.loader(), tag, asked)
    site = http.site()
    about = FeedAbout(
        title=f"#{tag} · {site.info.title}",
        description=gettext("Public kwips with #%(tag)s.", tag=tag),
        page_url=site.urls.tag(tag),
        base=site.urls.tag(tag),
        icon=icon_of(None, site.urls),
    )
    return _answer(extension, about, asked, found, surrogate_keys.of_tag(tag))


def user_feed(username: str, extension: str) -> Response:
    """Return a user's public posts and reposts as a feed, without replies."""
    return _user(username, extension, Kinds(replies=False))


def user_with_replies_feed(username: str, extension: str) -> Response:
    """Return a user's public posts, reposts and replies as a feed."""
    says = gettext("with replies")
    return _user(username, extension, ALL_KINDS, "/with-replies", says)


def user_media_feed(username: str, extension: str) -> Response:
    """Return a user's public posts with pictures, video or sound as a feed."""
    kinds = Kinds(only_media=True)
    return _user(username, extension, kinds, "/media", gettext("media"))


def favourites_feed(username: str, extension: str) -> Response:
    """Return the public posts that a user favourited as a feed."""
    _, asked = http.load_query(FeedQuery())
    user, found = http.services().widgets.favourites(http.loader(), username, asked)
    urls = http.site().urls
    about = FeedAbout(
        title=gettext("Favourites of %(name)s", name=author_of(user, urls).name),
        description=gettext("Public kwips that %(name)s favourited.", name=user.name),
        page_url=f"{urls.origin}/embed/user/{user.username}/favourites",
        base=f"{urls.user(user.username)}/favourites",
        icon=icon_of(user, urls),
        since=user.created_at,
    )
    named = surrogate_keys.of_favourites(user.id), surrogate_keys.of_user(user.id)
    return _answer(extension, about, asked, found, *named)


def list_feed(list_id: ListId, extension: str) -> Response:
    """Return the public posts of the members of a public list as a feed."""
    _, asked = http.load_query(FeedQuery())
    about, owner, found = http.services().widgets.lists.page(
        http.loader(), list_id, asked, ALL_KINDS
    )
    urls = http.site().urls
    feed = FeedAbout(
        title=f"{about.title} · {http.site().info.title}",
        description=gettext("A list by %(name)s", name=owner.name),
        page_url=f"{urls.origin}/embed/list/{list_id}",
        base=f"{urls.origin}/lists/{list_id}",
        icon=icon_of(owner, urls),
    )
    named = surrogate_keys.of_list(list_id), surrogate_keys.of_user(owner.id)
    return _answer(extension, feed, asked, found, *named)


def thread_feed(username: str, post_id: PostId, extension: str) -> BaseResponse:
    """Return a post and its public replies as a feed, newest first."""
    _, asked = http.load_query(FeedQuery())
    loader, urls = http.loader(), http.site().urls
    post, found = http.services().widgets.newest_of_thread(loader, post_id, asked)
    about = FeedAbout(
        title=entry_of(post, urls).title,
        description=gettext(
            "A kwip by %(name)s and its replies.", name=post.author.name
        ),
        page_url=urls.post(post),
        base=urls.post(post),
        icon=icon_of(post.author, urls),
    )
    if (post.author.username, post.post.id) != (username, post_id):
        return redirect(about.url(extension, asked), HTTPStatus.SEE_OTHER)
    lowest = found.next_max_id or 0
    guests = [
        entry_of_guest(reply, post, urls)
        for reply in http.services().widgets.guests(loader, post)
        if lowest < reply.id < asked.upper
    ]
    named = surrogate_keys.of_views([post])
    return _answer(extension, about, asked, found, *named, guests=guests)


def search_feed(extension: str) -> Response:
    """Return public posts that match `q` as a feed."""
    words, asked = http.load_query(SearchFeedQuery())
    found = http.services().search_widget.page(http.loader(), words, asked)
    urls = http.site().urls
    about = FeedAbout(
        title=gettext("Search for %(text)s", text=words),
        description=gettext("Public kwips that match."),
        page_url=f"{urls.origin}/search?{urlencode({'q': words})}",
        base=f"{urls.origin}/search",
        words=words,
        icon=icon_of(None, urls),
    )
    return _answer(extension, about, asked, found, surrogate_keys.SEARCH)


def _user(
    username: str, extension: str, kinds: Kinds, part: str = "", says: str = ""
) -> Response:
    """Answer with a part of what a user published, which is a page of the profile."""
    _, asked = http.load_query(FeedQuery())
    user, found = http.services().widgets.user(http.loader(), username, asked, kinds)
    urls = http.site().urls
    author = author_of(user, urls)
    about = FeedAbout(
        title=f"{author.name}, {says}" if says else author.name,
        description=user.bio or gettext("Kwips by %(name)s", name=user.name),
        page_url=author.url + part,
        base=author.url + part,
        icon=icon_of(user, urls),
        author=author,
        since=user.created_at,
    )
    return _answer(extension, about, asked, found, surrogate_keys.of_user(user.id))


def _answer(
    extension: str,
    about: FeedAbout,
    asked: PageRequest,
    found: Page[PostView],
    *lists: str,
    guests: Sequence[FeedEntry] = (),
) -> Response:
    """Answer with a page of a feed, with the replies of guests among the others.

    It names the next one, but as no archive: older pages change when posts are edited
    or deleted.
    """
    urls, next_url = http.site().urls, None
    about = replace(about, language=languages.named())
    if found.next_max_id is not None:
        next_url = about.url(extension, replace(asked, max_id=found.next_max_id))
    entries = [*(entry_of(view, urls) for view in found.items), *guests]
    if guests:
        entries.sort(key=attrgetter("published"), reverse=True)
    feed = Feed(
        about=about,
        id=about.url(extension),
        url=about.url(extension, asked),
        first_url=about.url(extension, replace(asked, max_id=None)),
        next_url=next_url,
        entries=tuple(entries),
    )
    made = FORMATS[extension]
    content_type = f"{made.media_type}; charset=utf-8"
    response = Response(made.write(feed), content_type=content_type)
    return name_entities(response, found.items, *lists)


_TAG = "/tags/<string(maxlength=200):name>"
_USER = "/@<name:username>"

ROUTES = (
    Route("GET", "/public.<feed:extension>", public_feed, WIDGET),
    Route("GET", f"{_TAG}.<feed:extension>", tag_feed, WIDGET),
    Route("GET", f"{_USER}.<feed:extension>", user_feed, WIDGET),
    Route(
        "GET", f"{_USER}/with-replies.<feed:extension>", user_with_replies_feed, WIDGET
    ),
    Route("GET", f"{_USER}/media.<feed:extension>", user_media_feed, WIDGET),
    Route("GET", f"{_USER}/favourites.<feed:extension>", favourites_feed, WIDGET),
    Route("GET", "/lists/<id:list_id>.<feed:extension>", list_feed, WIDGET),
    Route("GET", f"{_USER}/<id:post_id>.<feed:extension>", thread_feed, WIDGET),
    Route("GET", "/search.<feed:extension>", search_feed, WIDGET),
)
