"""Read timelines: skeletons of ids, filtered and hydrated for one viewer.

Where the entries come from is in `sources`; here they are filtered by the rules of
their kind, hydrated, and cut into pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.ids import UserId
from kwip.domain.pages import Page
from kwip.domain.timelines import Entry, shows_home, shows_listed
from kwip.domain.visibility import require_shown
from kwip.services.reading import Want
from kwip.services.skeletons import CHUNK, Slice
from kwip.services.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.ids import PostId
    from kwip.domain.pages import PageRequest
    from kwip.domain.users import User, Viewer
    from kwip.domain.views import PostView, ThreadView
    from kwip.services.entities import Entities
    from kwip.services.hydration import Hydration
    from kwip.services.reading import Reading
    from kwip.services.sources import Sources
    from kwip.services.threads import Threads

#: So many rounds of hidden entries are read past before a page may stay short.
MAX_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which kinds of posts of a user are wanted besides those of their own.

    Replies of a user to themselves are no replies.
    """

    replies: bool = True
    reposts: bool = True

    def has(self, entry: Entry) -> bool:
        """Tell whether an entry is of a wanted kind."""
        is_reply = entry.reply_to_id not in (0, entry.author_id)
        is_repost = entry.repost_of_id != 0
        return (self.replies or not is_reply) and (self.reposts or not is_repost)


ALL_KINDS = Kinds()


class Timelines:
    """Every kind of timeline, as pages for one viewer."""

    def __init__(
        self,
        entities: Entities,
        hydration: Hydration,
        threads: Threads,
        sources: Sources,
    ):
        self._entities = entities
        self._hydration = hydration
        self._threads = threads
        self._sources = sources

    def home(
        self, viewer: Viewer, reading: Reading, page: PageRequest
    ) -> Page[PostView]:
        """Read posts of the viewer and of whom the viewer follows now.

        Warm: 3 Redis round trips with authentication, no MongoDB; one more when the
        page goes past a skeleton. Below the floor: one query per 200 followees.
        """
        head = Slice.first(viewer.id, page)
        relations = reading.fetch(
            Want(self._entities.relations, [viewer.id]),
            Want(self._entities.homes, [head]),
        )[0][viewer.id]
        walk = Walk(self._sources.home(viewer.id, reading, relations, page))
        entries = (e for e in walk if shows_home(viewer.id, relations, e))
        return self._page(viewer, reading, entries, walk, page)

    def public(
        self, viewer: Viewer | None, reading: Reading, page: PageRequest
    ) -> Page[PostView]:
        """Read everybody's public posts, without replies. Warm: 3 round trips."""
        relations = self._hydration.relations(viewer, reading)
        source = self._sources.slices(self._entities.public, UserId(0), reading, page)
        walk = Walk(source)
        entries = (e for e in walk if shows_listed(relations, e.author_id))
        return self._page(viewer, reading, entries, walk, page)

    def user(
        self,
        viewer: Viewer | None,
        reading: Reading,
        user_id: UserId,
        page: PageRequest,
        *,
        kinds: Kinds = ALL_KINDS,
        tag: str = "",
    ) -> Page[PostView]:
        """Read what one user published, as far as the viewer may see it.

        Only what has a hashtag, if one is named. Warm: 3 round trips.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        head = Slice.first(user_id, page)
        users = reading.fetch(
            Want(self._entities.users, [user_id]),
            Want(self._entities.user_timelines, [head]),
        )[0]
        require_shown(user_id, users.get(user_id))
        if self._hydration.relations(viewer, reading).has_block(user_id):
            return Page(items=())
        source = self._sources.slices(
            self._entities.user_timelines, user_id, reading, page
        )
        walk = Walk(source)
        entries = (e for e in walk if kinds.has(e))
        return self._page(viewer, reading, entries, walk, page, tag=tag)

    def pinned(
        self,
        viewer: Viewer | None,
        reading: Reading,
        user: User,
        page: PageRequest,
        kinds: Kinds,
    ) -> tuple[PostView, ...]:
        """Read what a user has pinned, the newest pin first.

        Together with the user's newest posts, so that both cost one round trip.
        """
        if not user.pinned_ids:
            return ()
        head = Slice.first(user.id, page)
        chunk = reading.fetch(Want(self._entities.user_timelines, [head]))[0][head]
        newest = [e for e in chunk.entries if kinds.has(e)][: page.limit + 1]
        pins = [Entry(post_id, user.id, UserId(0)) for post_id in user.pinned_ids]
        views = self._hydration.posts(viewer, reading, [*pins, *newest])
        return tuple(views[e.post_id] for e in pins if e.post_id in views)

    def tag(
        self, viewer: Viewer | None, reading: Reading, tag: str, page: PageRequest
    ) -> Page[PostView]:
        """Read the public posts with a hashtag, by its folded name.

        Warm: 3 round trips.
        """
        relations = self._hydration.relations(viewer, reading)
        source = self._sources.slices(self._entities.tags, tag, reading, page)
        walk = Walk(source)
        entries = (e for e in walk if shows_listed(relations, e.author_id))
        return self._page(viewer, reading, entries, walk, page)

    def thread(
        self, viewer: Viewer | None, reading: Reading, post_id: PostId
    ) -> ThreadView:
        """Read a post with what it answers and what answers it.

        Warm: 3 round trips.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted.
        """
        return self._threads.thread(viewer, reading, post_id)

    def _page(
        self,
        viewer: Viewer | None,
        reading: Reading,
        entries: Iterator[Entry],
        walk: Walk[Entry],
        page: PageRequest,
        *,
        tag: str = "",
    ) -> Page[PostView]:
        """Hydrate entries in growing rounds until the page and one more are there.

        The one more tells whether there is a next page. After `MAX_ROUNDS` a page
        may stay short, and after `MAX_LOOKED_AT` hidden entries in a row it may be
        empty though there is something left: `next_max_id` says so.
        """
        found: list[PostView] = []
        last_seen: int = 0
        is_exhausted, rounds = False, 0
        wanted = page.limit + 1
        while not is_exhausted and len(found) < wanted:
            if rounds >= MAX_ROUNDS and found:
                break
            size = min((wanted - len(found)) << rounds, CHUNK)
            batch = list(islice(entries, size))
            is_exhausted = len(batch) < size
            views = self._hydration.posts(viewer, reading, batch) if batch else {}
            known = [views[e.post_id] for e in batch if e.post_id in views]
            found += [v for v in known if not tag or v.post.has_hashtag(tag)]
            last_seen = batch[-1].post_id if batch else last_seen
            rounds += 1
        shown = found[: page.limit]
        if page.min_id is not None:
            return _ascending_page(shown)
        next_max_id: int | None = None
        if len(found) > page.limit:
            next_max_id = shown[-1].post.id
        elif walk.is_cut and walk.last is not None:
            next_max_id = walk.last.post_id
        elif not is_exhausted:
            next_max_id = last_seen
        return Page(
            items=tuple(shown),
            next_max_id=next_max_id,
            prev_min_id=shown[0].post.id if shown else None,
        )


def _ascending_page(shown: list[PostView]) -> Page[PostView]:
    """Turn a page that was read upwards; what it was read from lies below it."""
    items = tuple(shown[::-1])
    return Page(
        items=items,
        next_max_id=items[-1].post.id if items else None,
        prev_min_id=items[0].post.id if items else None,
    )
