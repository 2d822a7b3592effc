"""Long polls: wait until something changes on an open page, and report it.

The live process answers them; a web process says where to send them. A new kind of news
needs a topic, a function that reads its newest ids, and a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http, login
from kwip.blueprints.table import Policy, Route
from kwip.domain.errors import InvalidError, NotAuthenticatedError
from kwip.domain.social.keyword_filters import FilterContext
from kwip.schemas.pages import OpenPageQuery, SinceQuery
from kwip.services.delivery.signals import PUBLIC, notifications_topic, post_topic
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from flask import Response

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.timelines.pages import PageRequest
    from kwip.schemas.pages import OpenPage
    from kwip.services.reading.loader import Loader

    #: Returns the ids above an id that the viewer may see, newest first.
    Read = Callable[[Viewer | None, Loader, PageRequest], Sequence[int]]

FOR_ANYBODY = Policy(
    auth="optional", scope=None, quota="pages", cache="never", csrf="none"
)
FOR_MEMBERS = Policy(auth="user", scope=None, quota="pages", cache="never", csrf="none")


def home() -> Response:
    """Wait for new kwips in the viewer's home."""
    timelines = http.services().timelines

    def read(viewer: Viewer | None, loader: Loader, page: PageRequest) -> Sequence[int]:
        found = timelines.home(_still_there(viewer), loader, page)
        return [v.post.id for v in found.items]

    topics = timelines.home_topics(http.signed_in(), http.loader())
    return _wait(topics, FilterContext.HOME, read)


def notifications() -> Response:
    """Wait for new notifications."""
    service = http.services().notifications

    def read(viewer: Viewer | None, loader: Loader, page: PageRequest) -> Sequence[int]:
        found = service.page(_still_there(viewer), loader, page)
        return [v.id for v in found.items]

    topic = notifications_topic(http.signed_in().id)
    return _wait([topic], FilterContext.NOTIFICATIONS, read)


def public() -> Response:
    """Wait for new kwips in the public timeline."""
    timelines = http.services().timelines

    def read(viewer: Viewer | None, loader: Loader, page: PageRequest) -> Sequence[int]:
        return [v.post.id for v in timelines.public(viewer, loader, page).items]

    return _wait([PUBLIC], FilterContext.PUBLIC, read)


def other() -> Response:
    """Wait for changes on any page: the badge, and deleted kwips."""
    asked = http.load_query(OpenPageQuery())
    if asked.unread is None and not asked.shown:
        missing = gettext("Send what the page shows: this or shown[].")
        raise InvalidError(
            gettext("There is nothing to wait for."), {"unread": missing}
        )
    return _wait([], FilterContext.PUBLIC, None)


def _still_there(viewer: Viewer | None) -> Viewer:
    """Return the viewer, unless the session was ended during the wait."""
    if viewer is None:
        raise NotAuthenticatedError(gettext("You're logged out. Log in to continue."))
    return viewer


def _wait(
    topics: Collection[str], context: FilterContext, read: Read | None
) -> Response:
    """Respond with what has changed on the page, or with 204.

    That is how many entries are newer and the newest of them, without what a filter for
    `context` hides, the number on the badge,
    which posts were deleted, which polls have other results, and which posts have the
    link preview that the page awaits.
    """
    asked, viewer = http.load_query(OpenPageQuery()), http.viewer()
    news = None if read is None else (http.load_query(SinceQuery(context)), read)
    look = _Look(asked, news)
    if not asked.waits:
        found = look()
    else:
        topics = [*topics, *map(post_topic, asked.shown)]
        if viewer is not None and asked.unread is not None:
            topics.append(notifications_topic(viewer.id))
        found = http.services().live.wait(topics, look)
    return http.answer_nothing() if found is None else http.answer(found)


class _Look:
    """Check what has changed, each time with a new loader.

    The gate has just authenticated the viewer; later checks do it again, so that a
    session that was ended also ends here. Warm: 4 round trips the first time, then 3.
    Nothing read by a check is kept while its request waits.
    """

    def __init__(self, page: OpenPage, news: tuple[PageRequest, Read] | None):
        self._page = page
        self._news = news
        self._is_first = True

    def __call__(self) -> dict[str, object] | None:
        viewer, loader = self._begin()
        found = self._changes(viewer, loader)
        if self._news is not None:
            since, read = self._news
            if news := read(viewer, loader, since):
                found |= {"count": len(news), "newest_id": str(news[0])}
        http.begin_loader()
        return found or None

    def _changes(self, viewer: Viewer | None, loader: Loader) -> dict[str, object]:
        page = self._page
        if page.unread is None and not page.shown:
            return {}
        if page.unread is not None:
            viewer = _still_there(viewer)
        now = http.services().open_pages.look(
            viewer, loader, page.shown, page.polls, page.awaited
        )
        found: dict[str, object] = {}
        if page.unread not in {None, now.unread}:
            found["unread"] = now.unread
        if now.gone:
            found["gone"] = [str(post_id) for post_id in now.gone]
        if now.polls:
            found["polls"] = [str(post_id) for post_id in now.polls]
        if now.previewed:
            found["previewed"] = [str(post_id) for post_id in now.previewed]
        return found

    def _begin(self) -> tuple[Viewer | None, Loader]:
        if self._is_first:
            self._is_first = False
            http.begin_loader()  # the gate's loader is older than the wait
            return http.viewer(), http.loader()
        viewer = http.viewer()
        loader = http.services().loaders.begin(viewer.id if viewer else None)
        posts = http.services().open_pages.first(self._page.shown)
        return login.current_viewer(loader, posts), loader


ROUTES = (
    Route("GET", "/poll/home", home, FOR_MEMBERS),
    Route("GET", "/poll/notifications", notifications, FOR_MEMBERS),
    Route("GET", "/poll/public", public, FOR_ANYBODY),
    Route("GET", "/poll/page", other, FOR_ANYBODY),
)
