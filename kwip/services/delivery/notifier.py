"""Decide who is told of what, and write it.

Of a favourite and a follow it is written with the act itself, of a post by its fan-out.
Nobody is told of what they do themselves, nor by whom they mute or who is blocked
either way, nor of what they may not see. The read rules look at it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation
from kwip.domain.ids import slot_of
from kwip.domain.notifications import (
    NOBODY,
    Notification,
    NotificationKind,
    addressed,
    asks_to_follow,
    is_for_subscribers,
    of_post,
)
from kwip.domain.posts import Visibility
from kwip.services.delivery.signals import notifications_topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Signal
    from kwip.services.reading.stores import Stores
    from kwip.store.edges import EdgeStore

#: So many who asked for an author's posts are told at a time.
SUBSCRIBERS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Notifier:
    """The writing side of notifications."""

    stores: Stores
    edges: EdgeStore
    fence: Fence
    signal: Signal
    ids: IdGenerator

    def notify(self, posts: Sequence[Post]) -> bool:
        """Tell those to whom new posts by one author speak; False if to nobody.

        Doing it again changes nothing, except for who has dismissed it meanwhile.
        """
        told = [
            (post, recipient_id, kind)
            for post in posts
            for recipient_id, kind in self._spoken_to(post).items()
        ]
        self._write(posts[0].author_id, told)
        return bool(told)

    def notify_subscribers(
        self, posts: Sequence[Post], above: UserId
    ) -> Iterator[UserId]:
        """Tell the followers who asked for each post, `SUBSCRIBERS_AT_ONCE` a time.

        Begins above a user, and gives who was the last one after each time.
        """
        listed = [post for post in posts if is_for_subscribers(post)]
        spoken_to = {post.id: self._spoken_to(post) for post in listed}
        while listed:
            asking = self.edges.subscribers(
                posts[0].author_id, above=above, limit=SUBSCRIBERS_AT_ONCE
            )
            if asking:
                above = asking[-1]
                told = [
                    (post, each, NotificationKind.POST)
                    for post in listed
                    for each in asking
                    if each not in spoken_to[post.id]
                ]
                self._write(posts[0].author_id, told)
                yield above
            if len(asking) < SUBSCRIBERS_AT_ONCE:
                return

    def ring(self, *told: Notification | None) -> None:
        """Ring for those whose notifications an act has written, and dropped."""
        recipients = [each.recipient_id for each in told if each is not None]
        self.signal([notifications_topic(each) for each in recipients])

    def retract_deleted(self, posts: Sequence[Post]) -> None:
        """Take back what was told of posts that were deleted meanwhile."""
        now = self.stores.posts.get_many([post.id for post in posts])
        gone = [post for post in posts if now[post.id].is_tombstone]
        recipients = {
            each for post in gone for each in self.stores.notifications.forget(post)
        }
        self.fence.invalidate(invalidation.notify(recipient_ids=sorted(recipients)))

    def of_favourite(self, user_id: UserId, post: Post) -> Notification | None:
        """Give what a post's author is told when somebody favourites it."""
        if self._without_deaf(user_id, [post.author_id]) != [post.author_id]:
            return None
        return Notification(
            recipient_id=post.author_id,
            kind=NotificationKind.FAVOURITE,
            actor_id=user_id,
            seq=self.ids.next_id(slot_of(user_id)),
            post_id=post.id,
            reply_to_id=post.in_reply_to_author_id or NOBODY,
        )

    def of_follow(
        self, follower_id: UserId, followee_id: UserId
    ) -> Notification | None:
        """Give what a user is told who is followed."""
        if not self._without_deaf(follower_id, [followee_id]):
            return None
        return Notification(
            recipient_id=followee_id,
            kind=NotificationKind.FOLLOW,
            actor_id=follower_id,
            seq=self.ids.next_id(slot_of(follower_id)),
        )

    def of_edit(self, old: Post, new: Post) -> list[Notification]:
        """Give what those are told whom a post names since its edit.

        Its place is that of the edit, for the post may be old. Whoever was told of
        the post already, as its follower or by an earlier text, is not told again.
        """
        if new.visibility is Visibility.DIRECT:
            return []
        named = new.mentioned_ids - old.mentioned_ids
        recipients = self._without_deaf(new.author_id, sorted(named))
        return [
            Notification(
                recipient_id=recipient_id,
                kind=NotificationKind.MENTION,
                actor_id=new.author_id,
                seq=self.ids.next_id(slot_of(new.author_id), above=new.id),
                post_id=new.id,
                reply_to_id=new.in_reply_to_author_id or NOBODY,
            )
            for recipient_id in recipients
        ]

    def _spoken_to(self, post: Post) -> Mapping[UserId, NotificationKind]:
        """Give whom a post addresses, as far as they may see it."""
        told = addressed(post)
        parent_id = asks_to_follow(post)
        if (
            parent_id is not None
            and parent_id in told
            and not self.edges.followers_among(post.author_id, [parent_id])
        ):
            del told[parent_id]
        return told

    def _write(
        self, actor_id: UserId, told: list[tuple[Post, UserId, NotificationKind]]
    ) -> None:
        """Write notifications by one actor for those who hear, and make them seen.

        Their places are drawn now: a delivery may be late, and what is told below
        the read marker would never be new.
        """
        if not told:
            return
        hearing = self._without_deaf(actor_id, sorted({each for _, each, _ in told}))
        heard, slot = set(hearing), slot_of(actor_id)
        posts = sorted({post.id for post, _, _ in told})
        seqs = {each: self.ids.next_id(slot, above=each) for each in posts}
        self.stores.notifications.add_many(
            [
                of_post(post, recipient_id, kind, seq=seqs[post.id])
                for post, recipient_id, kind in told
                if recipient_id in heard
            ]
        )
        self.fence.invalidate(invalidation.notify(recipient_ids=hearing))
        self.signal([notifications_topic(each) for each in hearing])

    def _without_deaf(
        self, actor_id: UserId, user_ids: Sequence[UserId]
    ) -> list[UserId]:
        """Leave out who must not hear of an actor, and the actor; two queries."""
        others = [each for each in user_ids if each != actor_id]
        deaf = self.stores.relationships.deaf_to(actor_id, others) if others else set()
        return [each for each in others if each not in deaf]
