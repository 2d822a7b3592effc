"""Read a conversation: a post between what it answers and what answers it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.threads import Conversation
from kwip.domain.timelines import Entry
from kwip.domain.views import ThreadView
from kwip.domain.visibility import may_see
from kwip.services.entities import MAX_THREAD
from kwip.services.reading import Want

if TYPE_CHECKING:
    from kwip.domain.ids import PostId
    from kwip.domain.posts import Post
    from kwip.domain.users import Viewer
    from kwip.services.entities import Entities
    from kwip.services.hydration import Hydration
    from kwip.services.reading import Reading

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
        conversation = Conversation(root.get(post.root_id, ()))
        above = conversation.above(post.in_reply_to_id)
        ancestors = list(islice(above, MAX_ANCESTORS))[::-1]
        below = list(conversation.below(post_id))
        descendants = below[:MAX_DESCENDANTS]
        entries = [
            conversation.entry(one)
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
            is_cut=len(below) > MAX_DESCENDANTS or len(conversation) >= MAX_THREAD,
        )
