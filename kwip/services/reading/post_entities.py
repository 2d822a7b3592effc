"""Cached entities of posts: posts, reactions, threads, id lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.memo import Decoded
from kwip.domain.moderation.guest_replies import MAX_SHOWN
from kwip.domain.posting.reactions import Act
from kwip.domain.timelines.id_lists import IdListChunk, IdListSlice, Row
from kwip.domain.timelines.threads import MAX_THREAD
from kwip.services.reading import payloads
from kwip.services.reading.loader import Kind
from kwip.services.reading.slices import Entries, row_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.moderation.guest_replies import GuestReply
    from kwip.domain.posting.posts import Post
    from kwip.domain.posting.reactions import Reacted, Span
    from kwip.domain.timelines.threads import Threaded
    from kwip.services.reading.stores import Stores

#: Enough for about 1,500 posts in each process.
POSTS_BYTES = 3_000_000
#: How many posts a long conversation counts as in the reader's rate limit.
THREAD_WEIGHT = 20


def posts(stores: Stores, entries: Entries) -> Kind[PostId, Post]:
    """Return the kind of posts."""
    return Kind(
        name="post",
        key=keys.post,
        variant=lambda _: "doc.8",
        encode=payloads.encode_post,
        decode=Decoded(
            lambda raw: entries.note(payloads.decode_post(raw)),
            POSTS_BYTES,
            besides=600,
            times=2.5,
        ),
        version=lambda post: post.version,
        load=lambda ids: {
            i: entries.note(post) for i, post in stores.posts.get_many(ids).items()
        },
        ttl_s=keys.DOCUMENT_TTL_S,
        is_streamed=True,
    )


def reactions(stores: Stores) -> Kind[tuple[UserId, Span], Reacted]:
    """Return the kind of reactions."""
    return Kind(
        name="reactions",
        key=lambda i: keys.reactions(*i),
        encode=payloads.encode_reactions,
        decode=payloads.decode_reactions,
        load=stores.reactions.of_spans,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )


def threads(stores: Stores) -> Kind[PostId, tuple[Threaded, ...]]:
    """Return the kind of threads."""
    return Kind(
        name="thread",
        key=keys.thread,
        variant=lambda _: "doc.2",
        encode=payloads.encode_thread,
        decode=payloads.decode_thread,
        load=lambda roots: {
            root: tuple(stores.posts.thread(root, limit=MAX_THREAD)) for root in roots
        },
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
        weight=THREAD_WEIGHT,
    )


def guests(stores: Stores) -> Kind[PostId, tuple[GuestReply, ...]]:
    """Return the kind of replies of guests that are shown."""
    return Kind(
        name="guests",
        key=keys.guests,
        encode=payloads.encode_guests,
        decode=payloads.decode_guests,
        load=lambda ids: {
            i: tuple(stores.guest_replies.shown(i, MAX_SHOWN)) for i in ids
        },
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=False,  # what is deleted does not say of which post it was
    )


def id_lists(stores: Stores) -> Kind[IdListSlice, IdListChunk]:
    """Return the kind of id lists: those of a user, and those of a post."""
    by_user, on_post = stores.reactions.by_user, stores.reactions.on_post
    loaders: Mapping[str, Callable[..., list[Row]]] = {
        "favourites": partial(by_user, Act.FAVOURITE),
        "bookmarks": partial(by_user, Act.BOOKMARK),
        "favourited_by": partial(on_post, Act.FAVOURITE),
        "reposted_by": partial(on_post, Act.REPOST),
        "quotes": stores.quotes.of_post,
        "followers": stores.relationships.followers,
        "follow_requests": stores.follow_requests.of_user,
    }
    return row_kind(
        "id_list",
        lambda part: keys.id_list(part.name, part.owner_id),
        Row,
        lambda part, wanted: loaders[part.name](part.owner_id, wanted),
    )


def active(stores: Stores) -> Kind[IdListSlice, IdListChunk]:
    """Return the kind of timelines in active order that are stored as an index."""
    loaders: Mapping[str, Callable[..., list[Row]]] = {
        "public": stores.activity.listed,
        "tag": stores.activity.tagged,
        "user": stores.activity.by_author,
    }
    return row_kind(
        "active",
        lambda part: keys.active(part.name, part.owner_id),
        Row,
        lambda part, wanted: loaders[part.name](part.owner_id, wanted, part.as_of),
        is_streamed=False,  # a change does not say where a conversation stood before
    )
