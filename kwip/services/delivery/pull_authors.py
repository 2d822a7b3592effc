"""Decide which posts are pushed into homes, and which are pulled by their readers.

The posts of an author with very many followers are *pulled*: no home stores them, and
whoever reads a home merges the author's own timeline into it, down from the newest post
that was pulled (`users.last_pull_id`). This is decided for each post and stored in it,
so that a delivery that is taken over goes on the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kwip.cache import invalidation_rules
from kwip.domain.posting.posts import Visibility

if TYPE_CHECKING:
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.store.delivery.pull_authors import PullAuthorStore

Mode = Literal["push", "pull"]


class PullAuthors:
    """Decide between push and pull.

    Args:
        store: Counts followers, and stores who is pulled.
        fence: Invalidates what is cached of it.
        pull_at: From this many active followers on, an author's new posts are pulled;
            below seven tenths of it they are pushed again. In between nothing changes,
            so that nobody switches back and forth.
    """

    def __init__(self, store: PullAuthorStore, fence: Fence, *, pull_at: int):
        self._store = store
        self._fence = fence
        self._pull_at = pull_at
        self._push_below = pull_at * 7 // 10

    def choose(self, post: Post, followers_count: int) -> Mode:
        """Decide between push and pull for the posts of one delivery.

        A direct post is pushed, because few users get it. Up to two queries for authors
        with many followers, none for others.
        """
        if (
            post.visibility is Visibility.DIRECT
            or followers_count < self._push_below
            or followers_count == 0
        ):
            return "push"
        active = self._store.active_followers(post.author_id, self._pull_at)
        if active < self._push_below:
            return "push"
        is_pulled = active >= self._pull_at or self._store.is_pulled(post.author_id)
        return "pull" if is_pulled else "push"

    def add(self, newest: Post) -> None:
        """Have an author's posts up to this one merged into homes from now on."""
        self._store.raise_last_pull(newest.author_id, newest.id)
        self._fence.invalidate(invalidation_rules.pull(author_id=newest.author_id))
