"""Notify the author and the voters of a poll that it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.services.delivery.signals import post_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.signals import Signal
    from kwip.store.posting.posts import PostStore
    from kwip.store.posting.reactions.poll_ends import PollEndStore

#: How many voters are notified at a time.
VOTERS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class PollEnds:
    """The job of a poll that has ended; its durable source is a mark in the post."""

    store: PollEndStore
    posts: PostStore
    notifier: Notifier
    fence: Fence
    signal: Signal
    clock: ClockMs

    def settle(self, post_id: PostId) -> bool:
        """Show the end, and notify everybody; False if the poll is still open.

        Safe to repeat: the names of the notifications follow from the poll.
        """
        post = self.posts.get_many([post_id]).get(post_id)
        if post is None or post.poll is None:
            self.store.settle(post_id, None)
            return True
        if not post.poll.is_over(at(self.clock())):
            return False
        # Cached pages show it as open.
        self.fence.invalidate(invalidation_rules.end_poll(post_id=post_id))
        self.signal([post_topic(post_id)])
        self.notifier.notify_of_end(post, [post.author_id])
        for voters in self._voters(post, post.poll.round):
            self.notifier.notify_of_end(post, voters)
        self.store.settle(post_id, post.poll.expires_at)
        return True

    def _voters(self, post: Post, round_number: int) -> Iterator[list[UserId]]:
        above = 0
        while found := self.store.voters(post.id, above=above, limit=VOTERS_AT_ONCE):
            yield [each.user_id for each in found if each.round == round_number]
            above = found[-1].seq
