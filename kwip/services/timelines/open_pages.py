"""Check what has changed on an open page: deleted posts, and the viewer's badge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.posts import Post
    from kwip.domain.users import Viewer
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.notifications import Notifications


class PageState(NamedTuple):
    """The number on the badge (0 if anonymous), and which posts were deleted."""

    unread: int
    gone: tuple[PostId, ...]


@dataclass(frozen=True, slots=True)
class OpenPages:
    """Pages that are open in a browser."""

    entities: Entities
    notifications: Notifications

    def first(self, shown: Sequence[PostId]) -> Lookup[PostId, Post]:
        """Return the lookups of the posts, to be read along with the viewer."""
        return Lookup(self.entities.posts, shown)

    def look(
        self, viewer: Viewer | None, loader: Loader, shown: Sequence[PostId]
    ) -> PageState:
        """Return the current state of a page that shows these posts.

        One round trip; none if `Authentication.open` has read `first` with the viewer.
        """
        posts = self.first(shown)
        if viewer is None:
            (found,), unread = loader.load(posts), 0
        else:
            ids = [viewer.id]
            loader.warm(
                posts,
                Lookup(self.entities.unread, ids),
                Lookup(self.entities.relations, ids),
            )
            unread = self.notifications.unread(viewer, loader)
            (found,) = loader.load(posts)
        gone = tuple(i for i in shown if i not in found or found[i].is_tombstone)
        return PageState(unread, gone)
