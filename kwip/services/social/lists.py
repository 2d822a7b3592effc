"""Create lists, add and remove members, and show lists to their owners.

Changes to a list and its members apply at once through the read rules; what its
timeline stores is backfilled and purged afterwards by `list_backfill`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.ids import ListId, slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.social.relationships import Relationship
from kwip.domain.timelines.lists import (
    MAX_LISTS,
    MEMBERS_AT_ONCE,
    TITLE_MAX,
    ListChange,
    Listing,
    RepliesPolicy,
    UserList,
)
from kwip.domain.timelines.surrogate_keys import of_list
from kwip.domain.timelines.views import UserView
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import no_such_list, require_listing
from kwip.store.social.list_edges import ListEdge
from kwip.text.profiles import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.media.stored.purges import Purges
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.social.people import People
    from kwip.store.social.lists import ListStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The viewer's own lists. Everybody may read public ones, see `PublicLists`."""

    store: ListStore
    entities: Entities
    people: People
    fence: Fence
    purges: Purges
    enqueue: Enqueue
    ids: IdGenerator
    clock: ClockMs

    def create(self, viewer: Viewer, change: ListChange) -> UserList:
        """Create an empty list.

        Raises:
            InvalidError: The title is missing or too long, or there are too many lists.
        """
        new = UserList(
            id=ListId(self.ids.next_id(slot_of(viewer.id))),
            owner_id=viewer.id,
            title=clean_title(change.title or ""),
            replies_policy=change.replies_policy or RepliesPolicy.LIST,
            is_exclusive=change.is_exclusive or False,
            is_public=change.is_public or False,
        )
        is_made = self.store.create(new)
        self.fence.invalidate(invalidation_rules.change_list(owner_id=viewer.id))
        if not is_made:
            raise InvalidError(
                lazy_gettext(
                    "You can have up to %(limit)s lists. Delete one first.",
                    limit=MAX_LISTS,
                )
            )
        return new

    def change(self, viewer: Viewer, list_id: ListId, change: ListChange) -> UserList:
        """Change a list's title and settings; CDNs then forget it.

        Raises:
            NotFoundError: The viewer has no such list.
            InvalidError: The title cannot be used.
        """
        if change.title is not None:
            change = replace(change, title=clean_title(change.title))
        changed = self.store.change(viewer.id, list_id, change)
        self.fence.invalidate(invalidation_rules.change_list(owner_id=viewer.id))
        self.purges.forget(of_list(list_id))
        if changed is None:
            raise no_such_list(list_id)
        return changed

    def delete(self, viewer: Viewer, list_id: ListId) -> None:
        """Delete a list. Its timeline and members are removed afterwards.

        Raises:
            NotFoundError: The viewer has no such list.
        """
        is_there = self.store.delete(viewer.id, list_id, at(self.clock()))
        self.fence.invalidate(invalidation_rules.change_list(owner_id=viewer.id))
        self.enqueue("list", f"{viewer.id}:{list_id}")
        self.purges.forget(of_list(list_id))  # an earlier attempt may have died before
        if not is_there:
            raise no_such_list(list_id)

    def add(self, viewer: Viewer, list_id: ListId, ids: Sequence[UserId]) -> None:
        """Add users whom the viewer follows to a list; members stay members.

        Raises:
            NotFoundError: The viewer has no such list.
            InvalidError: No user is named, one is not followed, or there are too many.
        """
        _require_some(ids)
        nonce, now = secrets.token_hex(8), at(self.clock())
        edges = [
            ListEdge(list_id, viewer.id, user_id, "merging", nonce)
            for user_id in dict.fromkeys(ids)
        ]
        try:
            self.store.add(edges, now)
        finally:  # an earlier attempt may have died before its invalidation
            self.fence.invalidate(invalidation_rules.change_list(owner_id=viewer.id))
        self._enqueue_edges(list_id, ids)

    def remove(self, viewer: Viewer, list_id: ListId, ids: Sequence[UserId]) -> None:
        """Remove users from a list; those who are not members are ignored.

        Raises:
            NotFoundError: The viewer has no such list.
            InvalidError: No user is named.
        """
        _require_some(ids)
        now = at(self.clock())
        is_there = self.store.remove(viewer.id, list_id, ids, now)
        self.fence.invalidate(invalidation_rules.change_list(owner_id=viewer.id))
        self._enqueue_edges(list_id, ids)
        self.purges.forget(of_list(list_id))
        if not is_there:
            raise no_such_list(list_id)

    def overview(self, viewer: Viewer, loader: Loader) -> tuple[UserList, ...]:
        """Show all lists of the viewer, by title. Warm: 2 round trips."""
        found = loader.load(Lookup(self.entities.lists, [viewer.id]))[0]
        lists = found.get(viewer.id, ())
        return tuple(sorted(lists, key=lambda each: each.place))

    def get(self, viewer: Viewer, loader: Loader, list_id: ListId) -> Listing:
        """Show one of the viewer's lists, and its members.

        Raises:
            NotFoundError: The viewer has no such list.
        """
        return require_listing(self.entities, viewer, loader, list_id)

    def members(
        self, viewer: Viewer, loader: Loader, list_id: ListId, page: PageRequest
    ) -> Page[UserView]:
        """Show a list's members, the newest account first. Warm: 3 round trips.

        Raises:
            NotFoundError: The viewer has no such list.
        """
        listing = self.get(viewer, loader, list_id)
        return self.people.among(viewer, loader, listing.member_ids, page)

    def containing(
        self, viewer: Viewer, loader: Loader, user_id: UserId
    ) -> list[UserList]:
        """Return the viewer's lists that a user is in. One query.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        users = loader.load(Lookup(self.entities.users, [user_id]))[0]
        require_shown(user_id, users.get(user_id))
        loader.bypass()
        return self.store.containing(viewer.id, user_id)

    def around(
        self, viewer: Viewer, loader: Loader, user_id: UserId
    ) -> tuple[UserView, tuple[UserList, ...], frozenset[ListId]]:
        """Show a user, all of the viewer's lists, and which of them the user is in.

        Does not show whether they follow the viewer. Warm: 2 round trips and a query.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        users, relations, _ = loader.load(
            Lookup(self.entities.users, [user_id]),
            Lookup(self.entities.relations, [viewer.id]),
            Lookup(self.entities.lists, [viewer.id]),
        )
        user, mine = require_shown(user_id, users.get(user_id)), relations[viewer.id]
        view = UserView(
            user=user,
            relationship=Relationship(
                id=user_id,
                is_following=user_id in mine.follows,
                is_blocking=user_id in mine.blocks,
                is_blocked_by=user_id in mine.blocked_by,
            ),
            is_own=user_id == viewer.id,
        )
        holding = self.containing(viewer, loader, user_id)
        ids = frozenset(each.id for each in holding)
        return view, self.overview(viewer, loader), ids

    def _enqueue_edges(self, list_id: ListId, ids: Sequence[UserId]) -> None:
        for user_id in ids:
            self.enqueue("list_edge", f"{user_id}:{list_id}")


def clean_title(text: str) -> str:
    """Clean the title of a list.

    Raises:
        InvalidError: It is missing or too long.
    """
    wrong: dict[str, str] = {}
    title = clean_line("title", text, TITLE_MAX, wrong)
    if not title and not wrong:
        wrong["title"] = lazy_gettext("Enter a name for the list.")
    if wrong:
        raise InvalidError(lazy_gettext("This list can't be saved."), wrong)
    return title


def _require_some(ids: Sequence[UserId]) -> None:
    if not 0 < len(ids) <= MEMBERS_AT_ONCE:
        says = lazy_gettext("Choose 1 to %(limit)s accounts.", limit=MEMBERS_AT_ONCE)
        raise InvalidError(says, {"account_ids": says})
