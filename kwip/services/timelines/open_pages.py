"""Check what has changed on an open page: posts, polls, previews, the badge."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.clock import at
from kwip.domain.social.relationships import NO_RELATIONS
from kwip.domain.timelines.visibility import may_see
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.domain.posting.polls import Poll
    from kwip.domain.posting.posts import Post
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.notifications import Notifications


NO_POLLS: Mapping[PostId, str] = MappingProxyType({})


class PageState(NamedTuple):
    """The number on the badge (0 if anonymous), and which posts were deleted.

    `polls` are the posts whose polls have other results by now, and `previewed` those
    that have the preview which the page awaited.
    """

    unread: int
    gone: tuple[PostId, ...]
    polls: tuple[PostId, ...]
    previewed: tuple[PostId, ...]


@dataclass(frozen=True, slots=True)
class OpenPages:
    """Pages that are open in a browser."""

    entities: Entities
    notifications: Notifications
    clock: ClockMs

    def first(self, shown: Sequence[PostId]) -> Lookup[PostId, Post]:
        """Return the lookups of the posts, to be read along with the viewer."""
        return Lookup(self.entities.posts, shown)

    def look(
        self,
        viewer: Viewer | None,
        loader: Loader,
        shown: Sequence[PostId],
        polls: Mapping[PostId, str] = NO_POLLS,
        awaited: Sequence[PostId] = (),
    ) -> PageState:
        """Return the current state of a page that shows these posts.

        `polls` are the states of some of their polls, as the page shows them; of some
        it has `awaited` the link preview. One round trip; none if
        `Authentication.open` has read `first` with the viewer.
        """
        posts = self.first(shown)
        if viewer is None:
            (found,), unread, relations = loader.load(posts), 0, NO_RELATIONS
        else:
            ids = [viewer.id]
            loader.warm(
                posts,
                Lookup(self.entities.unread, ids),
                Lookup(self.entities.relations, ids),
            )
            unread = self.notifications.unread(viewer, loader)
            found, related = loader.load(posts, Lookup(self.entities.relations, ids))
            relations = related[viewer.id]
        gone = tuple(i for i in shown if i not in found or found[i].is_tombstone)
        now, viewer_id = at(self.clock()), None if viewer is None else viewer.id
        seen = {
            i: found[i]
            for i in (*polls, *awaited)
            if i in found and may_see(viewer_id, relations, found[i])
        }
        changed = [
            i
            for i, state in polls.items()
            if i in seen and state != _state_of(seen[i].poll, now)
        ]
        previewed = [i for i in awaited if i in seen and seen[i].preview is not None]
        return PageState(unread, gone, tuple(changed), tuple(previewed))


def _state_of(poll: Poll | None, now: dt.datetime) -> str:
    return "" if poll is None else poll.state(is_over=poll.is_over(now))
