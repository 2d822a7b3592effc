"""A profile: the user, their relationship with the viewer, and their posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.timelines.pages import Page, PageRequest
from kwip.domain.timelines.pushdown import ALL_KINDS
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.pushdown import Kinds
    from kwip.domain.timelines.views import PostView, UserView
    from kwip.services.accounts.users import Users
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.timelines import Timelines


@dataclass(frozen=True, slots=True)
class Profiles:
    """Read a whole profile within the budget of one timeline."""

    entities: Entities
    users: Users
    timelines: Timelines

    def profile(
        self,
        viewer: Viewer | None,
        loader: Loader,
        username: str,
        page: PageRequest,
        *,
        kinds: Kinds = ALL_KINDS,
        tag: str = "",
    ) -> tuple[UserView, Page[PostView], tuple[PostView, ...]]:
        """Read a user by username, with a page of their posts. Warm: 3 round trips.

        The first page includes the user's pinned posts, unless it is in active order or
        has only posts with attachments or a hashtag.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        user_id = self.users.id_of(loader, username)
        sides = [] if viewer is None else [viewer.id, user_id]
        # Read together, so that the two reads below find everything known.
        loader.load(
            Lookup(self.entities.users, [user_id]),
            Lookup(self.entities.relations, sides),
            self.timelines.begin_of_user(user_id, page, kinds),
        )
        user = self.users.by_id(viewer, loader, user_id)
        pinned: tuple[PostView, ...] = ()
        if page.is_first and not (page.is_active or kinds.only_media or tag):
            pinned = self.timelines.pinned(viewer, loader, user.user, page, kinds)
        posts = self.timelines.user(viewer, loader, user_id, page, kinds=kinds, tag=tag)
        return user, posts, pinned

    def pins(
        self, viewer: Viewer | None, loader: Loader, user_id: UserId
    ) -> Page[PostView]:
        """Read a user's pinned posts, as a page of its own.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        user = self.users.by_id(viewer, loader, user_id).user
        page = PageRequest(limit=1)
        items = self.timelines.pinned(viewer, loader, user, page, ALL_KINDS)
        return Page(items=items)
