"""Read a conversation: a post between what it answers and what answers it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.ids import UserId
from kwip.domain.timelines import Entry
from kwip.domain.views import ThreadView
from kwip.domain.visibility import may_see
from kwip.services.entities import MAX_THREAD
from kwip.services.reading import Want

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.posts import Post
    from kwip.domain.users import Viewer
    from kwip.services.entities import Entities
    from kwip.services.hydration import Hydration
    from kwip.services.reading import Reading
    from kwip.store.posts import Threaded

#: How much of a conversation is shown around one post.
MAX_ANCESTORS, MAX_DESCENDANTS = 40, 200


class Threads:
    """Find posts by id, alone or within their conversation."""

    def __init__(self, entities: Entities, hydration: Hydration):
        self._entities = entities
        self._hydration = hydration

    def post(self, viewer: Viewer | None, reading: Reading, post_id: PostId) -> Post:
        """Find a post that the viewer may see. One round trip.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted, and everybody could have seen it.
        """
        post = reading.fetch(Want(self._entities.posts, [post_id]))[0].get(post_id)
        relations = self._hydration.relations(viewer, reading)
        if post is not None and post.is_tombstone and post.visibility.is_open:
            raise GoneError("This kwip was deleted.", post_id=post_id)
        viewer_id = None if viewer is None else viewer.id
        if post is None or not may_see(viewer_id, relations, post):
            raise NotFoundError("There is no such kwip.", post_id=post_id)
        return post

    def thread(
        self, viewer: Viewer | None, reading: Reading, post_id: PostId
    ) -> ThreadView:
        """Read the conversation around a post, or around what a repost is of.

        Three round trips in all.
        """
        post = self.post(viewer, reading, post_id)
        if post.repost_of_id is not None:
            return self.thread(viewer, reading, post.repost_of_id)
        root = reading.fetch(Want(self._entities.threads, [post.root_id]))[0]
        known = {one.post_id: one for one in root.get(post.root_id, ())}
        ancestors = list(_ancestors(known, post))[::-1]
        below = list(_descendants(known, post_id))
        descendants = below[:MAX_DESCENDANTS]
        entries = [
            _entry(known, one)
            for one in [*ancestors, *(child for child, _ in descendants)]
        ]
        views = self._hydration.posts(viewer, reading, [*entries, Entry.of(post)])
        if post_id not in views:
            raise NotFoundError("There is no such kwip.", post_id=post_id)
        posts = reading.fetch(Want(self._entities.posts, [e.post_id for e in entries]))[
            0
        ]
        shown = [(c, d) for c, d in descendants if c.post_id in views]
        return ThreadView(
            ancestors=tuple(
                views[one.post_id] for one in ancestors if one.post_id in views
            ),
            post=views[post_id],
            descendants=tuple(views[child.post_id] for child, _ in shown),
            depths=tuple(depth for _, depth in shown),
            hidden=sum(post.is_tombstone for post in posts.values()),
            is_cut=len(below) > MAX_DESCENDANTS or len(known) >= MAX_THREAD,
        )


def _ancestors(known: Mapping[PostId, Threaded], post: Post) -> Iterator[Threaded]:
    """Go up from a post to the beginning, at most `MAX_ANCESTORS` steps."""
    parent = known.get(post.in_reply_to_id) if post.in_reply_to_id else None
    for _ in range(MAX_ANCESTORS):
        if parent is None:
            return
        yield parent
        parent = known.get(parent.parent_id)


def _descendants(
    known: Mapping[PostId, Threaded], post_id: PostId
) -> Iterator[tuple[Threaded, int]]:
    """Go through replies in reading order, each with its depth below the post."""
    children: dict[PostId, list[Threaded]] = defaultdict(list)
    for one in known.values():
        children[one.parent_id].append(one)
    waiting = _deeper(children[post_id], 1)
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        waiting += _deeper(children[one.post_id], depth + 1)


def _deeper(siblings: Sequence[Threaded], depth: int) -> list[tuple[Threaded, int]]:
    """Put siblings on a stack so that the oldest comes off first."""
    return [(one, depth) for one in reversed(siblings)]


def _entry(known: Mapping[PostId, Threaded], one: Threaded) -> Entry:
    parent = known.get(one.parent_id)
    return Entry(one.post_id, one.author_id, parent.author_id if parent else UserId(0))
