"""The invalidation rules: which write invalidates which keys.

Each function is named after a write of `services` and returns the keys that the write
must pass to `Fence.invalidate` before it answers, even if it found nothing to
do: an earlier attempt may have died between its commit and its invalidation.
`invalidation_page` prints them. Stored timelines are in `timeline_invalidation`.

Counts may lag, and so may new posts in timelines without an owner, except for the user
who made the change. Keys invalidated only for that reason are wrapped in `keys.counted`
or `keys.arriving`, and their invalidation is debounced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.cache.list_invalidation import change_list, follow_tag
from kwip.cache.order_invalidation import bump, repeat
from kwip.cache.timeline_invalidation import (
    backfill,
    deliver,
    hibernate,
    pull,
    purge,
    rebuild,
    rehydrate,
    trim,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from kwip.cache.keys import CacheKey, Invalidation
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.reactions import Span

    Keys = tuple[Invalidation, ...]


def sign_up(*, user_id: UserId, username: str) -> Keys:
    """Invalidate what said that there is no such user."""
    return (keys.user(user_id), keys.handle(username), keys.home(user_id))


def update_profile(*, user_id: UserId) -> Keys:
    """Invalidate one key, however many posts the user wrote."""
    return (keys.user(user_id),)


def post(
    *,
    post_id: PostId,
    author_id: UserId,
    parent_id: PostId | None,
    root_id: PostId,
    is_listed: bool,
    tags: Collection[str],
) -> Keys:
    """Invalidate what shows or counts it; fan-out does the homes of others."""
    listed = (keys.arriving(keys.public(), author_id),) if is_listed else ()
    active = bump(
        root_id=root_id,
        author_id=author_id,
        is_listed=is_listed,
        tags=tags,
        writer_id=author_id,
    )
    return (
        keys.post(post_id),
        keys.home(author_id),
        keys.user_timeline(author_id),
        keys.thread(root_id),
        *listed,
        *(keys.arriving(keys.tag(tag), author_id) for tag in tags),
        *active,
        *count(author_id=author_id, parent_id=parent_id),
    )


def repost(*, post_id: PostId, author_id: UserId, of_id: PostId, span: Span) -> Keys:
    """Invalidate what shows it to the reposter, and what counts it."""
    return (
        keys.post(post_id),
        keys.home(author_id),
        keys.user_timeline(author_id),
        keys.reactions(author_id, span),
        keys.id_list("reposted_by", of_id),
        *count(author_id=author_id, parent_id=of_id),
    )


def unrepost(
    *,
    post_id: PostId,
    author_id: UserId,
    of_id: PostId,
    of_author_id: UserId,
    span: Span,
) -> Keys:
    """Invalidate the tombstone, the flag, the counters and the notifications."""
    return (
        keys.post(post_id),
        *count(author_id=author_id, parent_id=of_id),
        keys.reactions(author_id, span),
        keys.id_list("reposted_by", of_id),
        *notify(recipient_ids=[of_author_id]),
    )


def favourite(
    *, user_id: UserId, post_id: PostId, author_id: UserId, span: Span
) -> Keys:
    """Invalidate the viewer's flag and list, the counter, and notifications."""
    return (
        keys.reactions(user_id, span),
        keys.id_list("favourites", user_id),
        keys.id_list("favourited_by", post_id),
        keys.counted(keys.post(post_id), user_id),
        *notify(recipient_ids=[author_id]),
    )


def unfavourite(
    *, user_id: UserId, post_id: PostId, author_id: UserId, span: Span
) -> Keys:
    """Invalidate what a favourite invalidates."""
    return favourite(user_id=user_id, post_id=post_id, author_id=author_id, span=span)


def bookmark(*, user_id: UserId, span: Span) -> Keys:
    """Invalidate the viewer's own flag and list: nobody else sees it."""
    return (keys.reactions(user_id, span), keys.id_list("bookmarks", user_id))


def unbookmark(*, user_id: UserId, span: Span) -> Keys:
    """Invalidate what a bookmark invalidates."""
    return bookmark(user_id=user_id, span=span)


def pin(*, user_id: UserId) -> Keys:
    """Invalidate one key: pins are part of the author."""
    return (keys.user(user_id),)


def unpin(*, user_id: UserId) -> Keys:
    """Invalidate what a pin invalidates."""
    return pin(user_id=user_id)


def edit(
    *,
    post_id: PostId,
    tags: Collection[str],
    recipient_ids: Iterable[UserId],
    later_ids: Iterable[PostId],
) -> Keys:
    """Invalidate it, its repeats, hashtags added or removed, and notifications."""
    return (
        keys.post(post_id),
        *map(keys.post, later_ids),
        *(keys.tag(tag) for tag in tags),
        *(keys.active("tag", tag) for tag in tags),
        *notify(recipient_ids=recipient_ids),
    )


def delete(
    *,
    post_id: PostId,
    recipient_ids: Iterable[UserId],
    later_ids: Iterable[PostId],
) -> Keys:
    """Invalidate the post, hidden everywhere, its repeats, and notifications."""
    return (
        keys.post(post_id),
        *map(keys.post, later_ids),
        *notify(recipient_ids=recipient_ids),
    )


def suspend(*, user_id: UserId) -> Keys:
    """Invalidate one key: whether a user is suspended is read from the user."""
    return (keys.user(user_id),)


def unsuspend(*, user_id: UserId) -> Keys:
    """Invalidate what a suspension invalidates."""
    return suspend(user_id=user_id)


def appoint(*, user_id: UserId) -> Keys:
    """Invalidate the user, who became an administrator or no longer is one."""
    return (keys.user(user_id),)


def sign_out_everywhere(
    *, user_id: UserId, sessions: Iterable[str], tokens: Iterable[str]
) -> Keys:
    """Invalidate each session and token that has ended."""
    return (
        *(keys.session(user_id, digest) for digest in sessions),
        *(keys.token(user_id, digest) for digest in tokens),
    )


def leave(*, user_id: UserId, username: str) -> Keys:
    """Invalidate what else was cached of a user who is now deleted."""
    return (
        keys.user(user_id),
        keys.handle(username),
        keys.relations(user_id),
        keys.home(user_id),
        keys.user_timeline(user_id),
        keys.active("user", user_id),
        keys.pulls(),
        keys.id_list("followers", user_id),
        keys.id_list("favourites", user_id),
        keys.id_list("bookmarks", user_id),
        keys.notifications(user_id),
        keys.unread(user_id),
        keys.markers(user_id),
        keys.lists(user_id),
    )


def follow(*, follower_id: UserId, followee_id: UserId) -> Keys:
    """Invalidate what the follower may see, both counters, and the notifications."""
    return _edge(follower_id, followee_id, writer_id=follower_id)


def unfollow(*, follower_id: UserId, followee_id: UserId) -> Keys:
    """Invalidate what a follow invalidates."""
    return follow(follower_id=follower_id, followee_id=followee_id)


def remove_follower(*, follower_id: UserId, followee_id: UserId) -> Keys:
    """Invalidate what a follow invalidates: the followee ends it."""
    return _edge(follower_id, followee_id, writer_id=followee_id)


def _edge(follower_id: UserId, followee_id: UserId, *, writer_id: UserId) -> Keys:
    return (
        keys.relations(follower_id),
        keys.lists(follower_id),
        keys.home(follower_id),
        keys.counted(keys.user(follower_id), writer_id),
        keys.counted(keys.user(followee_id), writer_id),
        keys.id_list("followers", followee_id),
        *notify(recipient_ids=[followee_id]),
    )


def block(*, blocker_id: UserId, blocked_id: UserId) -> Keys:
    """Invalidate both sides: a block ends follows in both directions."""
    both = (blocker_id, blocked_id)
    kinds = (keys.relations, keys.lists, keys.home, _followers)
    invalidated = tuple(kind(side) for kind in kinds for side in both)
    counts = (keys.counted(keys.user(side), blocker_id) for side in both)
    return (*invalidated, *counts, *notify(recipient_ids=both))


def _followers(user_id: UserId) -> CacheKey:
    return keys.id_list("followers", user_id)


def unblock(*, blocker_id: UserId, blocked_id: UserId) -> Keys:
    """Invalidate both sides' relations and homes; no counter changes."""
    both = (blocker_id, blocked_id)
    return tuple(kind(side) for kind in (keys.relations, keys.home) for side in both)


def mute(*, muter_id: UserId) -> Keys:
    """Invalidate the muter's side only: the other must not notice."""
    return (keys.relations(muter_id), keys.home(muter_id))


def unmute(*, muter_id: UserId) -> Keys:
    """Invalidate what a mute invalidates."""
    return mute(muter_id=muter_id)


def sign_in(*, user_id: UserId, digest: str, sessions: Iterable[str]) -> Keys:
    """Invalidate what said that there is no such session, and those that it ends."""
    return tuple(keys.session(user_id, each) for each in (digest, *sessions))


def sign_out(*, user_id: UserId, digest: str) -> Keys:
    """Invalidate the session: it ends before the answer."""
    return (keys.session(user_id, digest),)


def create_token(*, user_id: UserId, digest: str) -> Keys:
    """Invalidate what said that there is no such token."""
    return (keys.token(user_id, digest),)


def revoke_token(*, user_id: UserId, digest: str) -> Keys:
    """Invalidate the token: it ends before the answer."""
    return (keys.token(user_id, digest),)


def notify(*, recipient_ids: Iterable[UserId]) -> Keys:
    """Invalidate the recipients' notifications and badges."""
    return tuple(
        kind(recipient_id)
        for recipient_id in recipient_ids
        for kind in (keys.notifications, keys.unread)
    )


def dismiss(*, user_id: UserId) -> Keys:
    """Invalidate what listed the notification, or all of them."""
    return notify(recipient_ids=[user_id])


def mark(*, user_id: UserId) -> Keys:
    """Invalidate the markers and the count above one of them."""
    return (keys.markers(user_id), keys.unread(user_id))


def count(*, author_id: UserId, parent_id: PostId | None) -> Keys:
    """Invalidate what shows counters that change when a post is added or deleted."""
    counted = [keys.user(author_id)]
    if parent_id is not None:
        counted.append(keys.post(parent_id))
    return tuple(keys.counted(key, author_id) for key in counted)


def recount(*, user_ids: Iterable[UserId], post_ids: Iterable[PostId]) -> Keys:
    """Invalidate what shows counters that were recounted."""
    return (*map(keys.user, user_ids), *map(keys.post, post_ids))


def retag(*, post_id: PostId, tags: Collection[str]) -> Keys:
    """Invalidate what an edit does: the post, and hashtags added or removed."""
    return edit(post_id=post_id, tags=tags, recipient_ids=(), later_ids=())


#: The table: each write of services, and the rule for its keys.
WRITES: Mapping[str, Callable[..., Keys]] = {
    write.__name__: write
    for write in (
        sign_up,
        update_profile,
        post,
        bump,
        repost,
        unrepost,
        favourite,
        unfavourite,
        bookmark,
        unbookmark,
        pin,
        unpin,
        suspend,
        unsuspend,
        appoint,
        sign_out_everywhere,
        leave,
        edit,
        delete,
        follow,
        unfollow,
        remove_follower,
        block,
        unblock,
        mute,
        unmute,
        sign_in,
        sign_out,
        create_token,
        revoke_token,
        notify,
        dismiss,
        mark,
        deliver,
        pull,
        count,
        recount,
        retag,
        change_list,
        follow_tag,
        repeat,
        backfill,
        purge,
        trim,
        rebuild,
        hibernate,
        rehydrate,
    )
}
