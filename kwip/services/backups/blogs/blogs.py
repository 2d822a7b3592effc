"""A user's blogs: add, pause, remove, and post older entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from kwip.domain.clock import at
from kwip.domain.errors import ForbiddenError, InvalidError, NotFoundError
from kwip.domain.ids import slot_of
from kwip.domain.messages import lazy_gettext, lazy_ngettext
from kwip.domain.posting.blogs import MAX_BLOGS, Blog
from kwip.services.backups.transferring import spend_import
from kwip.text.blogs import URL_CHARS

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.store.posting.blogs import BlogStore

#: The job that reads a feed.
BLOG = "blog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blogs:
    """The viewer's blogs. `is_on` says whether this site reads feeds."""

    store: BlogStore
    ids: IdGenerator
    rate_limits: RateLimits
    enqueue: Enqueue
    clock: ClockMs
    is_on: bool

    def of_viewer(self, viewer: Viewer) -> list[Blog]:
        """Return the viewer's blogs, the oldest first; one query."""
        return self.store.of_owner(viewer.id)

    def add(self, viewer: Viewer, address: str) -> Blog:
        """Add a blog by the address of its feed or of a page that names it.

        Its feed is read by a job, soon; what is in it then is not posted.

        Raises:
            InvalidError: The address cannot be used, or is there already; or there are
                too many.
            ForbiddenError: This site reads no feeds.
        """
        self._require_on()
        url = _address(address)
        there = self.of_viewer(viewer)
        if any(blog.url == url for blog in there):
            raise _wrong(lazy_gettext("You've already added this feed."))
        if len(there) >= MAX_BLOGS:
            raise _too_many()
        now = at(self.clock())
        blog = Blog(
            id=self.ids.next_id(slot_of(viewer.id)),
            owner_id=viewer.id,
            url=url,
            added_at=now,
        )
        self.store.add(blog, now)
        # Of several that are added at once, the last one to be stored sees them all.
        if len(self.of_viewer(viewer)) > MAX_BLOGS:
            self.store.delete(viewer.id, blog.id)
            raise _too_many()
        self.enqueue(BLOG, str(blog.id))
        return blog

    def pause(self, viewer: Viewer, blog_id: int) -> None:
        """Post nothing more of a blog, until it is resumed.

        Raises:
            NotFoundError: The viewer has no such blog.
        """
        self._change(viewer, blog_id, is_paused=True, due_at=None)

    def resume(self, viewer: Viewer, blog_id: int) -> None:
        """Read a feed again. What was in it meanwhile is only remembered.

        Raises:
            NotFoundError: The viewer has no such blog.
            ForbiddenError: This site reads no feeds.
        """
        self._require_on()
        begun = {"is_begun": False, "etag": "", "modified": ""}
        self._wake(viewer, blog_id, is_paused=False, failures=0, problem="", **begun)

    def post_old(self, viewer: Viewer, blog_id: int) -> None:
        """Post what is in a feed already, with its dates, as imported kwips.

        Raises:
            NotFoundError: The viewer has no such blog.
            ForbiddenError: This site reads no feeds.
            RateLimitedError: It counts as an import, and there were too many today.
        """
        self._require_on()
        spend_import(self.rate_limits, viewer.id)
        self._wake(viewer, blog_id, wants_old=True, is_paused=False)

    def remove(self, viewer: Viewer, blog_id: int) -> None:
        """Forget a blog; what was posted stays, and is not posted again.

        Raises:
            NotFoundError: The viewer has no such blog.
        """
        if not self.store.remove(viewer.id, blog_id):
            raise _gone(blog_id)

    def _wake(self, viewer: Viewer, blog_id: int, **values: object) -> None:
        self._change(viewer, blog_id, **values, due_at=at(self.clock()))
        self.enqueue(BLOG, str(blog_id))

    def _change(self, viewer: Viewer, blog_id: int, **values: object) -> None:
        if not self.store.change(viewer.id, blog_id, values):
            raise _gone(blog_id)

    def _require_on(self) -> None:
        if not self.is_on:
            says = lazy_gettext("This site doesn't read feeds.")
            raise ForbiddenError(says, rule="blogs")


def _address(text: str) -> str:
    """Return an address as it is requested; whether it may be is decided then."""
    typed = text.strip()
    url = urldefrag(typed if "://" in typed else f"https://{typed}").url
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
        is_web = parts.scheme in {"http", "https"} and has_place
    except ValueError:
        is_web = False
    is_plain = url.isprintable() and " " not in url and "@" not in url.partition("?")[0]
    if not (typed and is_web and is_plain) or len(url) > URL_CHARS:
        raise _wrong(lazy_gettext("Enter the address of your blog or its feed."))
    return url


def _too_many() -> InvalidError:
    return _wrong(
        lazy_ngettext(
            "You can add up to %(num)s feed.",
            "You can add up to %(num)s feeds.",
            MAX_BLOGS,
        )
    )


def _wrong(says: str) -> InvalidError:
    return InvalidError(says, {"url": says})


def _gone(blog_id: int) -> NotFoundError:
    return NotFoundError(lazy_gettext("This feed is no longer here."), id=blog_id)
