"""What other sites may show: nothing by users who have opted out.

Widgets are read as an anonymous viewer, with a hydration that leaves such authors out
wherever they wrote or were reposted, so that pages are as full as any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.domain.errors import NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import require_user_id
from kwip.services.timelines.hydration import Hydration
from kwip.services.timelines.id_lists import IdLists, fill_page
from kwip.services.timelines.public_lists import PublicLists
from kwip.services.timelines.threads import Threads
from kwip.services.timelines.timelines import Timelines

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.users import User
    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.domain.moderation.guest_replies import GuestReply
    from kwip.domain.timelines.id_lists import Row
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.pushdown import Kinds
    from kwip.domain.timelines.views import PostView, ThreadPage
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.sources import Sources


#: How many favourites one request hydrates: most may be hidden, or have no media.
MAX_FAVOURITES = 400


class Widgets:
    """Timelines and users for other sites."""

    def __init__(
        self,
        entities: Entities,
        sources: Sources,
        stores: Stores,
        clock: ClockMs,
        rules: Callable[[], DiscoveryRules],
    ):
        hydration = Hydration(entities, clock, rules, is_embedding=True)
        self._threads = Threads(entities, hydration)
        self._timelines = Timelines(entities, hydration, sources, stores)
        self._id_lists = IdLists(entities, hydration)
        self.lists = PublicLists(entities, hydration, sources, stores)
        self._entities = entities
        self._hydration = hydration

    def public(
        self, loader: Loader, page: PageRequest, *, only_media: bool = False
    ) -> Page[PostView]:
        """Read everyone's public posts. Warm: 2 round trips."""
        return self._timelines.public(None, loader, page, only_media=only_media)

    def tag(
        self, loader: Loader, tag: str, page: PageRequest, *, only_media: bool = False
    ) -> Page[PostView]:
        """Read the public posts with a hashtag. Warm: 2 round trips."""
        return self._timelines.tag(None, loader, tag, page, only_media=only_media)

    def profile(self, loader: Loader, username: str) -> User:
        """Return a user's profile. Warm: 2 round trips.

        Raises:
            NotFoundError: There is no such user, or one who has turned widgets off.
            GoneError: The account is suspended.
        """
        user_id = require_user_id(self._entities, loader, username)
        users = loader.load(Lookup(self._entities.users, [user_id]))[0]
        user = require_shown(user_id, users.get(user_id))
        if not user.is_embeddable:
            raise NotFoundError(
                lazy_gettext("This user has turned widgets off."), user_id=user.id
            )
        return user

    def user(
        self, loader: Loader, username: str, page: PageRequest, kinds: Kinds
    ) -> tuple[User, Page[PostView]]:
        """Return a user, and read what they published. Warm: 3 round trips.

        Raises:
            NotFoundError: There is no such user, or one who has turned widgets off.
            GoneError: The account is suspended.
        """
        user_id = require_user_id(self._entities, loader, username)
        # Together, so that the profile costs no round trip of its own.
        loader.load(
            Lookup(self._entities.users, [user_id]),
            self._timelines.begin_of_user(user_id, page, kinds),
        )
        user = self.profile(loader, username)
        found = self._timelines.user(None, loader, user_id, page, kinds=kinds)
        return user, found

    def favourites(
        self,
        loader: Loader,
        username: str,
        page: PageRequest,
        *,
        only_media: bool = False,
    ) -> tuple[User, Page[PostView]]:
        """Return a user, and read the public posts that they favourited.

        The latest favourite first; the cursors are those of the favourites. After
        `MAX_FAVOURITES` a page may stay short, or empty, with a next one. Warm: 3 round
        trips.

        Raises:
            NotFoundError: There is no such user, or one who has turned this off, or
                widgets.
            GoneError: The account is suspended.
        """
        user_id = require_user_id(self._entities, loader, username)
        loader.load(
            Lookup(self._entities.users, [user_id]),
            self._id_lists.first("favourites", user_id, page),
        )
        user = self.profile(loader, username)
        if not user.shows_favourites:
            raise NotFoundError(
                lazy_gettext("This user doesn't show favourites."), user_id=user_id
            )

        def views_of(batch: list[Row]) -> list[tuple[Row, PostView]]:
            views = self._hydration.posts(None, loader, [row.entry for row in batch])
            found = [(row, views.get(row.entry.post_id)) for row in batch]
            return [
                (row, replace(view, place=row.cursor))
                for row, view in found
                if view is not None
                and view.post.visibility is Visibility.PUBLIC
                and (view.post.media or not only_media)
            ]

        rows = self._id_lists.rows(loader, "favourites", user_id, page)
        return user, fill_page(rows, page, views_of, most=MAX_FAVOURITES)

    def post(self, loader: Loader, post_id: PostId) -> PostView:
        """Read one post; of a repost, the original. Warm: 2 round trips.

        Raises:
            NotFoundError: There is none, or its author has turned widgets off.
            GoneError: It was deleted.
        """
        post = self._threads.post(None, loader, post_id)
        if post.repost_of_id is not None:
            return self.post(loader, post.repost_of_id)
        views = self._hydration.posts(None, loader, [Entry.of(post)])
        if post.id not in views:
            raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post.id)
        return views[post.id]

    def thread(
        self,
        loader: Loader,
        post_id: PostId,
        page: PageRequest,
        *,
        only_approved: bool = False,
    ) -> ThreadPage:
        """Read a post with its ancestors and its replies. Warm: 3 round trips.

        If `only_approved`, only its author's posts and those that they favourited.

        Raises:
            NotFoundError: There is none, or its author has turned widgets off.
            GoneError: It was deleted.
            InvalidError: `page.max_id` is not in this thread.
        """
        return self._threads.in_one_line(
            None, loader, post_id, page, only_approved=only_approved
        )

    def newest_of_thread(
        self, loader: Loader, post_id: PostId, page: PageRequest
    ) -> tuple[PostView, Page[PostView]]:
        """Read a post, and it and its replies, newest first. Warm: 3 round trips.

        Raises:
            NotFoundError: There is none, or its author has turned widgets off.
            GoneError: It was deleted.
        """
        return self._threads.newest(None, loader, post_id, page)

    def guests(self, loader: Loader, view: PostView) -> tuple[GuestReply, ...]:
        """Read the replies of guests to a post that has been read, oldest first.

        One round trip if its author takes any.
        """
        post_id = view.post.id
        is_public = view.post.visibility is Visibility.PUBLIC
        if not (is_public and view.author.accepts_guests):
            return ()
        found = loader.load(Lookup(self._entities.guests, [post_id]))[0]
        return found.get(post_id, ())
