"""Read a viewer's notifications, group them for a page, and dismiss them.

Everything that the recipient was notified of is stored. What is shown depends on their
current relations, silences, suspensions and deletions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.errors import NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.filters import is_limited, may_notify
from kwip.domain.timelines.notifications import (
    EVERY_KIND,
    EVERYTHING,
    NOTHING_UNREAD,
    NotificationKind,
    NotificationSlice,
    NotificationView,
    Selection,
    grouped,
)
from kwip.domain.timelines.pages import Page, PageRequest
from kwip.services.reading.loader import Lookup
from kwip.services.timelines.id_lists import fill_page, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.moderation.strikes import Strike
    from kwip.domain.social.keyword_filters import Filtering
    from kwip.domain.timelines.notifications import (
        NotificationGroup,
        NotificationRow,
    )
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.hydration import Hydration


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A page of groups, and the id of the newest notification, hidden or not (or 0)."""

    page: Page[NotificationGroup]
    newest_id: int
    has_new: bool


@dataclass(frozen=True, slots=True)
class Notifications:
    """The viewer's notifications."""

    entities: Entities
    hydration: Hydration
    stores: Stores
    fence: Fence

    def page(
        self,
        viewer: Viewer,
        loader: Loader,
        page: PageRequest,
        wanted: Selection = EVERYTHING,
        *,
        is_direct: bool = False,
    ) -> Page[NotificationView]:
        """Read a page of notifications. Warm: 3 round trips.

        Hidden ones are skipped in growing rounds of one round trip each, at most
        `MAX_LOOKED_AT` of them; `next_max_id` says where to go on. So are all but those
        of direct posts, if only these are wanted.
        """
        first = NotificationSlice.first(viewer.id, page, wanted)
        loader.warm(
            Lookup(self.entities.relations, [viewer.id]),
            Lookup(
                self.entities.notifications,
                [first],
            ),
        )
        rows = self._rows(viewer, loader, page, wanted)
        views_of = partial(self._views, viewer, loader, page.filtering)
        if is_direct:
            return fill_page(rows, page, lambda batch: _direct(views_of(batch)))
        return fill_page(rows, page, views_of)

    def overview(
        self,
        viewer: Viewer,
        loader: Loader,
        page: PageRequest,
        wanted: Selection = EVERYTHING,
        *,
        is_direct: bool = False,
    ) -> Overview:
        """Read a page of notifications, grouped where one sentence says it.

        A page of all leaves out the kinds that the viewer hides.
        """
        head = NotificationSlice(viewer.id)
        parts = [head, NotificationSlice.first(viewer.id, page, wanted)]
        slices, unread = loader.load(
            Lookup(self.entities.notifications, parts),
            Lookup(self.entities.unread, [viewer.id]),
        )
        newest = slices[head].rows
        hidden = unread.get(viewer.id, NOTHING_UNREAD).hidden_kinds
        if hidden and wanted == EVERYTHING:
            wanted = Selection(EVERY_KIND - hidden)
        shown = self.page(viewer, loader, page, wanted, is_direct=is_direct)
        groups = Page(
            items=grouped(shown.items),
            next_max_id=shown.next_max_id,
            prev_min_id=shown.prev_min_id,
        )
        return Overview(
            page=groups,
            newest_id=newest[0].cursor if newest else 0,
            has_new=self.unread(viewer, loader) > 0,
        )

    def get(
        self, viewer: Viewer, loader: Loader, notification_id: int
    ) -> NotificationView:
        """Show one notification.

        Raises:
            NotFoundError: It does not exist, or is hidden now.
        """
        only = PageRequest(limit=1, min_id=max(0, notification_id - 1))
        for view in self.page(viewer, loader, only).items:
            if view.id == notification_id:
                return view
        raise NotFoundError(lazy_gettext("Notification not found."), id=notification_id)

    def unread(self, viewer: Viewer, loader: Loader) -> int:
        """Count the viewer's unread notifications, up to `MAX_UNREAD`.

        No I/O if `Authentication.open` has read them for a page.
        """
        found = loader.load(
            Lookup(self.entities.unread, [viewer.id]),
            Lookup(self.entities.relations, [viewer.id]),
        )
        unread = found[0].get(viewer.id, NOTHING_UNREAD)
        return unread.count(found[1][viewer.id])

    def dismiss(self, viewer: Viewer, notification_id: int) -> None:
        """Delete a notification; one that does not exist counts as dismissed."""
        self.stores.notifications.dismiss(viewer.id, notification_id)
        self.fence.invalidate(invalidation_rules.dismiss(user_id=viewer.id))

    def clear(self, viewer: Viewer) -> None:
        """Delete all of the viewer's notifications."""
        self.stores.notifications.clear(viewer.id)
        self.fence.invalidate(invalidation_rules.dismiss(user_id=viewer.id))

    def _rows(
        self,
        viewer: Viewer,
        loader: Loader,
        page: PageRequest,
        wanted: Selection,
    ) -> Iterator[NotificationRow]:
        """Iterate the rows within the page's bounds; upwards from `min_id`."""
        first = NotificationSlice.first(viewer.id, page, wanted)
        return rows_of(loader, Lookup(self.entities.notifications, [first]), page)

    def _views(
        self,
        viewer: Viewer,
        loader: Loader,
        filtering: Filtering | None,
        rows: Sequence[NotificationRow],
    ) -> list[tuple[NotificationRow, NotificationView]]:
        """Hydrate rows in one round trip; hidden ones are left out."""
        relations = self.hydration.relations(viewer, loader)
        shown = [row for row in rows if may_notify(relations, row.actor_id)]
        entries = [e for row in shown if (e := row.entry(viewer.id)) is not None]
        actors = Lookup(self.entities.users, [row.actor_id for row in shown])
        unread = Lookup(self.entities.unread, [viewer.id])
        users, marks, *_ = loader.load(
            actors, unread, *self.hydration.lookups(viewer, entries)
        )
        posts = self.hydration.posts(viewer, loader, entries, filtering=filtering)
        strikes = self._strikes(viewer, shown)
        last_read_id = marks.get(viewer.id, NOTHING_UNREAD).last_read_id
        views = []
        for row in shown:
            actor, post = users.get(row.actor_id), posts.get(row.post_id)
            strike = strikes.get(row.cursor)
            if (
                actor is None
                or actor.is_suspended
                or is_limited(viewer.id, relations, actor)
                or not _still_says(row, post, viewer)
                or (row.kind is NotificationKind.MODERATION and strike is None)
            ):
                continue
            view = NotificationView(
                id=row.cursor,
                kind=row.kind,
                actor=actor,
                post=None if post is None else post.shown,
                strike=strike,
                is_new=row.cursor > last_read_id,
            )
            views.append((row, view))
        return views

    def _strikes(
        self, viewer: Viewer, rows: Sequence[NotificationRow]
    ) -> dict[int, Strike]:
        """Read what moderators decided; one query, if any row is about that.

        What is shown of a strike never changes.
        """
        ids = [row.cursor for row in rows if row.kind is NotificationKind.MODERATION]
        return self.stores.strikes.named(viewer.id, ids) if ids else {}


def _direct(
    views: list[tuple[NotificationRow, NotificationView]],
) -> list[tuple[NotificationRow, NotificationView]]:
    """Keep the notifications of direct posts."""
    return [
        (row, view)
        for row, view in views
        if view.post is not None and view.post.post.visibility is Visibility.DIRECT
    ]


def _still_says(row: NotificationRow, post: PostView | None, viewer: Viewer) -> bool:
    """Return whether the viewer may see a row's post, and is still mentioned in it.

    An edit may have removed the mention during fan-out.
    """
    if row.kind is NotificationKind.MENTION:
        return post is not None and viewer.id in post.post.mentioned_ids
    return post is not None or not row.post_id
