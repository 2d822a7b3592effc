"""Deliver posts into the lists that hold their author, after all homes have them.

The progress of a delivery is the last list, stored in the post as `fanout.listed`: a
worker that takes over goes on after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.posting.posts import Visibility
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.ids import ListId, PostId
    from kwip.domain.posting.posts import Post
    from kwip.services.delivery.compaction import Compactor
    from kwip.store.social.list_edges import ListEdgeStore
    from kwip.store.social.lists import ListStore

#: How many lists get posts at a time.
LISTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ListFanout:
    """The part of fan-out that serves lists."""

    lists: ListStore
    edges: ListEdgeStore
    compactor: Compactor

    def deliver(self, posts: Sequence[Post], above: int) -> Iterator[ListId]:
        """Push an author's posts to the lists above one; yield each chunk's last list.

        A direct post goes alone, to the lists of users it mentions. Repeating it
        changes nothing.
        """
        author_id, ids = posts[0].author_id, [post.id for post in posts]
        if posts[0].visibility is Visibility.DIRECT:
            named = sorted(posts[0].mentioned_ids)
            self._push(self.lists.holding(named, author_id), ids)
            return
        lists = self.edges.lists_with(author_id, above=above, limit=LISTS_AT_ONCE)
        while lists:
            self._push(lists, ids)
            yield lists[-1]
            if len(lists) < LISTS_AT_ONCE:
                return
            lists = self.edges.lists_with(
                author_id, above=lists[-1], limit=LISTS_AT_ONCE
            )

    def _push(self, lists: Sequence[ListId], ids: Sequence[PostId]) -> None:
        owners = [list_of(list_id) for list_id in lists]
        if owners:
            self.compactor.deliver(owners, ids)
