"""Decide who is notified of what, and store it.

Notifications of posts are stored by fan-out, others (of favourites, follows and so on)
in the transaction of the act. Users are not notified of what they do themselves, of
users they mute, of blocks in either direction, of silenced users they don't follow, or
of what they may not see. Reads check this again. Nor are they of what happens in
conversations they mute; what they were notified of before stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.ids import NOBODY, slot_of
from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.notifications import (
    NO_POST,
    Notification,
    NotificationKind,
    addressed,
    is_for_conversation,
    is_for_subscribers,
    of_post,
    recipients_who_must_follow,
)
from kwip.services.delivery.signals import notifications_topic

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from kwip.domain.ids import IdGenerator, PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.push_wakes import PushWakes
    from kwip.services.delivery.signals import Signal
    from kwip.services.reading.stores import Stores
    from kwip.store.posting.posts import PostStore
    from kwip.store.social.edges import EdgeStore
    from kwip.store.social.muted_conversations import MutedConversationStore

#: How many subscribers are notified at a time.
SUBSCRIBERS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Notifier:
    """The writing side of notifications."""

    stores: Stores
    edges: EdgeStore
    fence: Fence
    signal: Signal
    ids: IdGenerator
    devices: PushWakes

    def notify(self, posts: Sequence[Post]) -> bool:
        """Notify the users that new posts by one author address; False if nobody.

        Repeating it changes nothing, except for users who dismissed theirs meanwhile.
        """
        notices = [
            (post, recipient_id, kind)
            for post in posts
            for recipient_id, kind in self._addressed(post).items()
        ]
        notices += self._following(posts)
        self._write(posts[0].author_id, notices)
        return bool(notices)

    def notify_subscribers(
        self, posts: Sequence[Post], above: UserId
    ) -> Iterator[UserId]:
        """Notify the subscribers of each post, `SUBSCRIBERS_AT_ONCE` at a time.

        Begins above a user, and yields the last one after each chunk.
        """
        listed = [post for post in posts if is_for_subscribers(post)]
        addressed_by = {post.id: self._addressed(post) for post in listed}
        while listed:
            asking = self.edges.subscribers(
                posts[0].author_id, above=above, limit=SUBSCRIBERS_AT_ONCE
            )
            if asking:
                above = asking[-1]
                notices = [
                    (post, each, NotificationKind.POST)
                    for post in listed
                    for each in asking
                    if each not in addressed_by[post.id]
                ]
                self._write(posts[0].author_id, notices)
                yield above
            if len(asking) < SUBSCRIBERS_AT_ONCE:
                return

    def signal_recipients(self, *notices: Notification | None) -> None:
        """Signal notifications that were written with an act, and are invalidated."""
        recipients = [each.recipient_id for each in notices if each is not None]
        self._wake(recipients)

    def _wake(self, recipients: Sequence[UserId]) -> None:
        """Wake the open pages and devices of users who have new notifications."""
        self.signal([notifications_topic(each) for each in recipients])
        self.devices.wake(recipients)

    def retract_deleted(self, posts: Sequence[Post]) -> None:
        """Delete the notifications of posts that were deleted meanwhile."""
        now = self.stores.posts.get_many([post.id for post in posts])
        gone = [post for post in posts if now[post.id].is_tombstone]
        recipients = {
            each for post in gone for each in self.stores.notifications.forget(post)
        }
        self.fence.invalidate(
            invalidation_rules.notify(recipient_ids=sorted(recipients))
        )

    def of_favourite(self, user_id: UserId, post: Post) -> Notification | None:
        """Return the notification of a post's author when somebody favourites it."""
        if not self._notifiable(user_id, [post.author_id], post.root_id):
            return None
        return Notification(
            recipient_id=post.author_id,
            kind=NotificationKind.FAVOURITE,
            actor_id=user_id,
            seq=self.ids.next_id(slot_of(user_id)),
            post_id=post.id,
            reply_to_author_id=post.in_reply_to_author_id or NOBODY,
            quote_of_id=post.quote_of_id or NO_POST,
            quote_of_author_id=post.quote_of_author_id or NOBODY,
        )

    def notify_of_end(self, post: Post, recipients: Sequence[UserId]) -> None:
        """Notify some users, the author too, that a poll has ended; once each."""
        notified = self._notifiable(post.author_id, recipients)
        if post.author_id in recipients:
            notified.append(post.author_id)
        notified = _unmuted(self.stores.muted_conversations, notified, post.root_id)
        if not notified:
            return
        seq = self.ids.next_id(slot_of(post.author_id), above=post.id)
        self.stores.notifications.add_many(
            [of_post(post, each, NotificationKind.POLL, seq=seq) for each in notified]
        )
        self._show(notified)

    def show(self, notice: Notification | None) -> None:
        """Invalidate and signal a notification that was written with an act."""
        if notice is not None:
            self._show([notice.recipient_id])

    def _show(self, recipients: Sequence[UserId]) -> None:
        """Invalidate and signal what was written."""
        self.fence.invalidate(invalidation_rules.notify(recipient_ids=recipients))
        self._wake(recipients)

    def of_follow(
        self, follower_id: UserId, followee_id: UserId
    ) -> Notification | None:
        """Return the notification of a user who has a new follower."""
        if not self._notifiable(follower_id, [followee_id]):
            return None
        return Notification(
            recipient_id=followee_id,
            kind=NotificationKind.FOLLOW,
            actor_id=follower_id,
            seq=self.ids.next_id(slot_of(follower_id)),
        )

    def of_nudge(
        self,
        actor_id: UserId,
        user_id: UserId,
        kind: NotificationKind,
        post: Post | None = None,
    ) -> Notification | None:
        """Return the notification of a user who is buzzed, or invited to a post."""
        root_id = None if post is None else post.root_id
        if not self._notifiable(actor_id, [user_id], root_id):
            return None
        seq = self.ids.next_id(slot_of(actor_id))
        if post is None:
            return Notification(
                recipient_id=user_id, kind=kind, actor_id=actor_id, seq=seq
            )
        about = of_post(post, user_id, kind, seq=seq)
        return replace(about, actor_id=actor_id, author_id=post.author_id)

    def of_edit(self, old: Post, new: Post) -> list[Notification]:
        """Return notifications for the users that an edit newly mentions.

        Their `seq` is of the time of the edit, because the post may be old. Users who
        were notified of the post before, as followers or by an earlier text, are not
        notified again.
        """
        if new.visibility is Visibility.DIRECT:
            return []
        named = new.mentioned_ids - old.mentioned_ids
        recipients = self._notifiable(new.author_id, sorted(named), new.root_id)
        slot = slot_of(new.author_id)
        return [
            of_post(
                new,
                recipient_id,
                NotificationKind.MENTION,
                seq=self.ids.next_id(slot, above=new.id),
            )
            for recipient_id in recipients
        ]

    def _addressed(self, post: Post) -> Mapping[UserId, NotificationKind]:
        """Return the users a post addresses, if they may see it."""
        kinds = addressed(post)
        asked = sorted(recipients_who_must_follow(post) & kinds.keys())
        if asked:
            for stranger in {*asked} - {
                *self.edges.followers_among(post.author_id, asked)
            }:
                del kinds[stranger]
        return kinds

    def _following(
        self, posts: Sequence[Post]
    ) -> list[tuple[Post, UserId, NotificationKind]]:
        """Return the notifications of replies for who follows their conversations.

        Whoever a reply addresses is notified of that. One query if there are replies,
        and one for each that only followers of its author may see.
        """
        replies = [post for post in posts if is_for_conversation(post)]
        if not replies:
            return []
        store = self.stores.followed_conversations
        following = store.followers([post.root_id for post in replies])
        notices = []
        for post in replies:
            found = {*following.get(post.root_id, ())} - addressed(post).keys()
            if post.visibility is Visibility.FOLLOWERS:
                found &= {*self.edges.followers_among(post.author_id, [*found])}
            notices += [(post, i, NotificationKind.CONVERSATION) for i in sorted(found)]
        return notices

    def _write(
        self, actor_id: UserId, notices: list[tuple[Post, UserId, NotificationKind]]
    ) -> None:
        """Store notifications by one actor for those who may get them, and signal.

        Each `seq` is assigned now: a delivery may be late, and a `seq` below the read
        marker would never count as unread.
        """
        if not notices:
            return
        recipients = self._notifiable(
            actor_id, sorted({each for _, each, _ in notices})
        )
        if not recipients:
            return
        slot = slot_of(actor_id)
        posts = {post.id: post for post, _, _ in notices}
        seqs = {each: self.ids.next_id(slot, above=each) for each in sorted(posts)}
        roots = _roots(self.stores.posts, posts.values())
        muted = self.stores.muted_conversations.muting(recipients, [*roots.values()])
        allowed = set(recipients)
        written = [
            of_post(post, recipient_id, kind, seq=seqs[post.id])
            for post, recipient_id, kind in notices
            if recipient_id in allowed and (recipient_id, roots[post.id]) not in muted
        ]
        if not written:
            return
        self.stores.notifications.add_many(written)
        notified = sorted({each.recipient_id for each in written})
        self._show(notified)

    def _notifiable(
        self,
        actor_id: UserId,
        user_ids: Sequence[UserId],
        root_id: PostId | None = None,
    ) -> list[UserId]:
        """Leave out the actor and users whom they cannot notify; three queries.

        With a conversation, those too who have muted it: one more.
        """
        others = [each for each in user_ids if each != actor_id]
        excluded = (
            self.stores.relationships.refusing_notifications_from(actor_id, others)
            if others
            else set()
        )
        found = [each for each in others if each not in excluded]
        return (
            found
            if root_id is None
            else _unmuted(self.stores.muted_conversations, found, root_id)
        )


def of_strike(user_id: UserId, strike_id: int) -> Notification:
    """Return the notification of somebody about whom a moderator has decided."""
    return Notification(
        recipient_id=user_id,
        kind=NotificationKind.MODERATION,
        actor_id=user_id,
        seq=strike_id,
    )


def _roots(store: PostStore, posts: Collection[Post]) -> dict[PostId, PostId]:
    """Return the conversation of each post, of a repost that of its original."""
    originals = [post.repost_of_id for post in posts if post.repost_of_id]
    found = store.get_many(originals) if originals else {}
    shown = {post.id: found.get(post.repost_of_id or post.id, post) for post in posts}
    return {i: post.root_id for i, post in shown.items()}


def _unmuted(
    store: MutedConversationStore, user_ids: list[UserId], root_id: PostId
) -> list[UserId]:
    """Leave out users who have muted a conversation; one query."""
    muting = store.muting(user_ids, [root_id]) if user_ids else set()
    return [each for each in user_ids if (each, root_id) not in muting]
