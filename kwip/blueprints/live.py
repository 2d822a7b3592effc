"""Long polls: wait until something is new, and say how much.

The live process answers them; a web process says where they belong. Another kind of
news needs a topic, a function that reads its newest ids, and a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http, login
from kwip.blueprints.table import Policy, Route
from kwip.domain.errors import NotAuthenticatedError
from kwip.schemas.pages import SinceQuery
from kwip.services.bell import PUBLIC, notifications_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from flask import Response

    from kwip.domain.pages import PageRequest
    from kwip.domain.users import Viewer
    from kwip.services.reading import Reading

    #: Gives the ids of what somebody may see above an id, newest first.
    Read = Callable[[Viewer | None, Reading, PageRequest], Sequence[int]]

FOR_ANYBODY = Policy(
    auth="optional", scope=None, quota="pages", cache="never", csrf="none"
)
FOR_MEMBERS = Policy(auth="user", scope=None, quota="pages", cache="never", csrf="none")


def home() -> Response:
    """Wait for kwips that are new in the viewer's home."""
    timelines = http.services().timelines

    def read(
        viewer: Viewer | None, reading: Reading, page: PageRequest
    ) -> Sequence[int]:
        found = timelines.home(_still_there(viewer), reading, page)
        return [v.post.id for v in found.items]

    return _wait(timelines.home_topics(http.signed_in(), http.reading()), read)


def notifications() -> Response:
    """Wait for what the viewer is told next."""
    service = http.services().notifications

    def read(
        viewer: Viewer | None, reading: Reading, page: PageRequest
    ) -> Sequence[int]:
        found = service.page(_still_there(viewer), reading, page)
        return [v.id for v in found.items]

    return _wait([notifications_topic(http.signed_in().id)], read)


def public() -> Response:
    """Wait for kwips that are new in the public timeline."""
    timelines = http.services().timelines

    def read(
        viewer: Viewer | None, reading: Reading, page: PageRequest
    ) -> Sequence[int]:
        return [v.post.id for v in timelines.public(viewer, reading, page).items]

    return _wait([PUBLIC], read)


def _still_there(viewer: Viewer | None) -> Viewer:
    """Give the viewer, unless the session was ended while it waited."""
    if viewer is None:
        raise NotAuthenticatedError("You are logged out. Log in again to go on.")
    return viewer


def _wait(topics: Collection[str], read: Read) -> Response:
    """Answer with how much is newer and with the newest of it, or with 204."""
    page = http.load_query(SinceQuery())
    news = http.services().live.wait(topics, _Look(page, read))
    if news is None:
        return http.answer_nothing()
    return http.answer({"count": len(news), "newest_id": str(news[0])})


class _Look:
    """Look for what is new, each time in a new reading: an old one sees old things.

    The gate has just asked who it is; later looks ask anew, so that a session that
    was ended ends here too. Warm: 3 round trips each time. Nothing of a look is kept
    while its request waits.
    """

    def __init__(self, page: PageRequest, read: Read):
        self._page = page
        self._read = read
        self._is_first = True

    def __call__(self) -> Sequence[int] | None:
        viewer, reading = self._begin()
        found = self._read(viewer, reading, self._page)
        http.begin_reading()
        return found or None

    def _begin(self) -> tuple[Viewer | None, Reading]:
        if self._is_first:
            self._is_first = False
            http.begin_reading()  # the gate's is older than the wait
            return http.viewer(), http.reading()
        viewer = http.viewer()
        reading = http.services().readings.begin(viewer.id if viewer else None)
        return login.viewer_anew(reading), reading


ROUTES = (
    Route("GET", "/poll/home", home, FOR_MEMBERS),
    Route("GET", "/poll/notifications", notifications, FOR_MEMBERS),
    Route("GET", "/poll/public", public, FOR_ANYBODY),
)
