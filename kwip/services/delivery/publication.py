"""What follows after a post is stored or deleted: invalidation, jobs and signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.posting.posts import IMPORTED
from kwip.domain.timelines.active_order import bumps_conversation
from kwip.services.delivery.signals import (
    PUBLIC,
    home_topic,
    notifications_topic,
    post_topic,
)
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from kwip.cache.keys import Invalidation
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.store.posting.active_order import ActivityStore
    from kwip.store.timelines.timelines import TimelineStore


@dataclass(frozen=True, slots=True)
class Publication:
    """The last steps of the write path; they may be repeated."""

    timelines: TimelineStore
    activity: ActivityStore
    fence: Fence
    enqueue: Enqueue
    signal: Signal

    def announce(self, post: Post, invalidated: tuple[Invalidation, ...]) -> None:
        """Push a post to its author's home, bump its conversation, invalidate, enqueue.

        Raises:
            StoreUnavailableError: The post stands, but must not be acknowledged.
        """
        self.timelines.push([home_of(post.author_id)], [post.id])
        bumped = bump(self.activity, post)
        self.fence.invalidate((*invalidated, *bumped))
        self.enqueue("fanout", str(post.id))
        self.preview(post)
        listed = [PUBLIC] if post.is_listed else []
        self.signal([home_topic(post.author_id), *listed])

    def withdraw(
        self,
        post_id: PostId,
        invalidated: tuple[Invalidation, ...],
        recipients: Collection[UserId],
    ) -> None:
        """Invalidate the keys of a deleted post, and signal the pages that show it.

        Also signals the `recipients` of its notifications. Search forgets it.

        Raises:
            StoreUnavailableError: As `announce`.
        """
        self.fence.invalidate(invalidated)
        self.reindex(post_id)
        self.signal([post_topic(post_id), *map(notifications_topic, recipients)])

    def follow_edit(self, old: Post, new: Post) -> None:
        """Let search and the link preview follow an edit; the sweeper retries."""
        self.reindex(new.id)
        if old.link_to_preview != new.link_to_preview:
            self.preview(new)

    def preview(self, post: Post) -> None:
        """Let the link of a post be looked up, if it has one; the sweeper retries."""
        if post.link_to_preview:
            self.enqueue("preview", str(post.id))

    def reindex(self, post_id: PostId) -> None:
        """Let search take in a post that has changed; the sweeper retries."""
        self.enqueue("search", str(post_id))


def bump(activity: ActivityStore, post: Post) -> tuple[Invalidation, ...]:
    """Move a conversation up after a public reply; return what to invalidate.

    Imported replies only move imported conversations.
    """
    if not bumps_conversation(post):
        return ()
    is_imported = post.source == IMPORTED
    root = activity.bump(post.root_id, post.id, is_imported=is_imported)
    if root is None:
        return ()
    return invalidation_rules.bump(
        root_id=post.root_id, **root._asdict(), writer_id=post.author_id
    )
