"""What happens to a post once it is stored, or gone: it is seen, and others hear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import order_invalidation
from kwip.services.delivery.signals import (
    PUBLIC,
    home_topic,
    notifications_topic,
    post_topic,
)
from kwip.store.buckets import home_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from kwip.cache.keys import Invalidation
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.store.activity import ActivityStore
    from kwip.store.timelines import TimelineStore


@dataclass(frozen=True, slots=True)
class Publication:
    """The end of the write path, which may be gone through again."""

    timelines: TimelineStore
    activity: ActivityStore
    fence: Fence
    enqueue: Enqueue
    signal: Signal

    def announce(self, post: Post, invalidated: tuple[Invalidation, ...]) -> None:
        """Put a stored post into its author's home, invalidate, enqueue the fan-out.

        Raises:
            StoreUnavailableError: The post stands, but must not be acknowledged.
        """
        self.timelines.push([home_of(post.author_id)], [post.id])
        self.fence.invalidate((*invalidated, *bump(self.activity, post)))
        self.enqueue("fanout", str(post.id))
        listed = [PUBLIC] if post.is_listed else []
        self.signal([home_topic(post.author_id), *listed])

    def withdraw(
        self,
        post_id: PostId,
        invalidated: tuple[Invalidation, ...],
        told: Collection[UserId],
    ) -> None:
        """Drop the keys of a post that is gone, and tell the pages that show it.

        Those who were `told` of it are told less by now.

        Raises:
            StoreUnavailableError: As `announce`.
        """
        self.fence.invalidate(invalidated)
        self.signal([post_topic(post_id), *map(notifications_topic, told)])


def bump(activity: ActivityStore, post: Post) -> tuple[Invalidation, ...]:
    """Move a conversation up with an answer for everybody; give what to drop then."""
    if post.in_reply_to_id is None or not post.visibility.is_open:
        return ()
    root = activity.bump(post.root_id, post.id)
    if root is None:
        return ()
    return order_invalidation.bump(
        root_id=post.root_id, **root._asdict(), writer_id=post.author_id
    )
