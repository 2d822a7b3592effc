"""Pages of users: followers and who asks to be one, reactions, mutes, blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from kwip.domain.errors import NotFoundError
from kwip.domain.ids import UserId
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.id_lists import Row
from kwip.domain.timelines.pages import Page, PageRequest
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.views import UserView
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.services.timelines.id_lists import fill_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.id_lists import IdListSlice
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.id_lists import IdLists
    from kwip.services.timelines.threads import Threads


#: How many familiar followers are named.
MAX_FAMILIAR = 2


class Familiar(NamedTuple):
    """Some of a user's followers whom the viewer follows, and the number of all."""

    users: tuple[User, ...]
    total: int


NOT_FAMILIAR = Familiar((), 0)


@dataclass(frozen=True, slots=True)
class People:
    """Pages of users, each with their relationship to the viewer.

    Whether they follow the viewer is left out: that would cost one entity per user.
    """

    entities: Entities
    hydration: Hydration
    threads: Threads
    id_lists: IdLists

    def followers(
        self,
        viewer: Viewer | None,
        loader: Loader,
        user_id: UserId,
        page: PageRequest,
    ) -> Page[UserView]:
        """List a user's followers, the newest account first. Warm: 3 round trips.

        Nobody, if the user shows them to nobody else.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        head = self.id_lists.first("followers", user_id, page)
        users = loader.load(Lookup(self.entities.users, [user_id]), head)[0]
        if _hides(viewer, require_shown(user_id, users.get(user_id))):
            return Page(items=())
        rows = self.id_lists.rows(loader, "followers", user_id, page)
        return self._page(viewer, loader, rows, page)

    def requesting(
        self, viewer: Viewer, loader: Loader, page: PageRequest
    ) -> Page[UserView]:
        """List who asks to follow the viewer, the newest request first."""
        rows = self.id_lists.rows(loader, "follow_requests", viewer.id, page)
        return self._page(viewer, loader, rows, page, with_blocked=True)

    def following(
        self,
        viewer: Viewer | None,
        loader: Loader,
        user_id: UserId,
        page: PageRequest,
    ) -> Page[UserView]:
        """List a user's followees, the newest account first. Warm: 3 round trips.

        Nobody, if the user shows them to nobody else.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        users, relations = loader.load(
            Lookup(self.entities.users, [user_id]),
            Lookup(self.entities.relations, [user_id]),
        )
        if _hides(viewer, require_shown(user_id, users.get(user_id))):
            return Page(items=())
        rows = _rows(relations[user_id].follows, page)
        return self._page(viewer, loader, rows, page)

    def familiar(
        self,
        viewer: Viewer | None,
        loader: Loader,
        user_ids: Sequence[UserId],
        *,
        most: int = MAX_FAMILIAR,
    ) -> dict[UserId, Familiar]:
        """Return who of each user's followers the viewer follows; `most` are named.

        None of one's own, and of those who hide their followers. Only the first slice
        of followers, those with the newest accounts, is looked at. Warm: 2 round trips
        for any number of users.
        """
        if viewer is None:
            return dict.fromkeys(user_ids, NOT_FAMILIAR)
        others = [user_id for user_id in user_ids if user_id != viewer.id]
        firsts = [self._newest_followers(user_id) for user_id in others]
        chunks, relations, about = loader.load(
            Lookup(self.entities.id_lists, firsts),
            Lookup(self.entities.relations, [viewer.id]),
            Lookup(self.entities.users, others),
        )
        follows = relations[viewer.id].follows
        known = {
            user_id: [UserId(row.id) for row in chunks[first].rows if row.id in follows]
            for user_id, first in zip(others, firsts, strict=True)
            if user_id in about and not about[user_id].hides_collections
        }
        named = {i for ids in known.values() for i in ids[:most]}
        users = {user.id: user for user in self.named(loader, sorted(named))}
        found = dict.fromkeys(user_ids, NOT_FAMILIAR)
        for user_id, ids in known.items():
            shown = tuple(users[i] for i in ids[:most] if i in users)
            found[user_id] = Familiar(shown, len(ids))
        return found

    def _newest_followers(self, user_id: UserId) -> IdListSlice:
        [first] = self.id_lists.first("followers", user_id, PageRequest()).ids
        return first

    def muted(
        self, viewer: Viewer, loader: Loader, page: PageRequest
    ) -> Page[UserView]:
        """List the users that the viewer mutes."""
        mutes = self.hydration.relations(viewer, loader).mutes
        return self._page(viewer, loader, _rows(mutes, page), page, with_blocked=True)

    def blocked(
        self, viewer: Viewer, loader: Loader, page: PageRequest
    ) -> Page[UserView]:
        """List the users that the viewer blocks."""
        blocks = self.hydration.relations(viewer, loader).blocks
        return self._page(viewer, loader, _rows(blocks, page), page, with_blocked=True)

    def reacted(
        self,
        viewer: Viewer | None,
        loader: Loader,
        post_id: PostId,
        name: Literal["favourited_by", "reposted_by"],
        page: PageRequest,
    ) -> Page[UserView]:
        """List who favourited or reposted a post that the viewer may see.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted.
        """
        post = self.threads.post(viewer, loader, post_id)
        owner_id = post.repost_of_id or post.id
        # In one round trip: whether its author is suspended, and the first rows.
        entry = Entry.of(post)
        loader.warm(
            *self.hydration.lookups(viewer, [entry]),
            self.id_lists.first(name, owner_id, page),
        )
        if post_id not in self.hydration.posts(viewer, loader, [entry]):
            raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)
        rows = self.id_lists.rows(loader, name, owner_id, page)
        return self._page(viewer, loader, rows, page)

    def among(
        self,
        viewer: Viewer,
        loader: Loader,
        ids: Iterable[UserId],
        page: PageRequest,
    ) -> Page[UserView]:
        """List users that the viewer has grouped, the newest account first."""
        return self._page(viewer, loader, _rows(ids, page), page, with_blocked=True)

    def named(self, loader: Loader, ids: Sequence[UserId]) -> list[User]:
        """Read users by their ids, in the given order; absent ones are left out.

        Warm: 2 round trips.
        """
        users = loader.load(Lookup(self.entities.users, ids))[0]
        found = (users[user_id] for user_id in ids if user_id in users)
        return [user for user in found if not user.is_suspended]

    def _page(
        self,
        viewer: Viewer | None,
        loader: Loader,
        rows: Iterator[Row],
        page: PageRequest,
        *,
        with_blocked: bool = False,
    ) -> Page[UserView]:
        """Look users up until the page and one more are there.

        Suspended users are left out, and so are blocks in either direction. The
        viewer's own lists do show blocked users, so that a block can be undone.
        """
        relations = self.hydration.relations(viewer, loader)

        def views_of(batch: list[Row]) -> list[tuple[Row, UserView]]:
            ids = [UserId(row.id) for row in batch]
            users = loader.load(Lookup(self.entities.users, ids))[0]
            return [
                (row, UserView.of(users[user_id], viewer, relations))
                for row, user_id in zip(batch, ids, strict=True)
                if user_id in users
                and not users[user_id].is_suspended
                and (with_blocked or not relations.has_block(user_id))
            ]

        return fill_page(rows, page, views_of)


def _hides(viewer: Viewer | None, user: User) -> bool:
    """Return whether a user shows nobody but themselves whom they know."""
    return user.hides_collections and (viewer is None or viewer.id != user.id)


def _rows(ids: Iterable[UserId], page: PageRequest) -> Iterator[Row]:
    """Return ids as rows within a page's bounds, in reading order."""
    is_upwards = page.min_id is not None
    chosen = (i for i in ids if page.lower < i < page.upper)
    return (Row(i, i) for i in sorted(chosen, reverse=not is_upwards))
