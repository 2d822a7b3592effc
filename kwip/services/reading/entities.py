"""What is cached: how each entity is named, loaded, and turned into bytes.

Payloads are JSON or packed integers. A process remembers what it made of the same
bytes, so that what does not change is decoded, and written as JSON, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kwip.cache import keys
from kwip.domain.id_lists import Between, IdListChunk, IdListSlice, Row
from kwip.domain.ids import PostId, UserId
from kwip.domain.memo import Decoded
from kwip.domain.notifications import NotificationChunk, NotificationSlice
from kwip.domain.reactions import Act
from kwip.domain.threads import MAX_THREAD
from kwip.domain.timelines import MOST_PULLED, Pulls
from kwip.services.reading import list_payloads, payloads
from kwip.services.reading.loader import Kind
from kwip.services.reading.slices import (
    CHUNK,
    CHUNK_WEIGHT,
    Entries,
    StoredLoader,
    query_loader,
    slice_kind,
    unversioned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.domain.ids import ListId
    from kwip.domain.lists import Listing, UserList
    from kwip.domain.markers import Marked, Marker
    from kwip.domain.notifications import Unread
    from kwip.domain.posts import Post
    from kwip.domain.reactions import Reacted, Span
    from kwip.domain.relationships import Relations
    from kwip.domain.threads import Threaded
    from kwip.domain.users import User
    from kwip.services.reading.stores import Stores
    from kwip.store.access_keys import AccessKey, AccessKeyStore

#: How much memory a process uses for what it made of payloads: some 1,500 posts, 2,000
#: users and the relations of 300 readers.
POSTS_BYTES, USERS_BYTES, RELATIONS_BYTES = 3_000_000, 1_000_000, 1_000_000
#: A long conversation costs its reader as much as so many posts.
THREAD_WEIGHT = 20
#: The memory of who is pulled, which is one value and as large as 32 kB.
PULLS_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class AccessKeyId:
    """A session or token, by its user and the digest of its secret."""

    user_id: UserId
    digest: str


class Entities:
    """Every kind of cached entity."""

    def __init__(self, stores: Stores):
        entries = Entries(stores.posts)
        self.posts: Kind[PostId, Post] = Kind(
            name="post",
            key=keys.post,
            variant=_fourth_variant,
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
            is_followed=True,
        )
        self.users: Kind[UserId, User] = Kind(
            name="user",
            key=keys.user,
            variant=_third_variant,
            encode=payloads.encode_user,
            decode=Decoded(payloads.decode_user, USERS_BYTES, besides=300, times=4),
            version=lambda user: user.version,
            load=stores.users.get_many,
            ttl_s=keys.DOCUMENT_TTL_S,
            is_followed=True,
        )
        self.handles: Kind[str, UserId] = Kind(
            name="handle",
            key=keys.handle,
            variant=_only_variant,
            encode=lambda user_id: str(user_id).encode(),
            decode=lambda raw: UserId(int(raw)),
            version=unversioned,
            load=stores.users.ids_of,
            ttl_s=keys.DOCUMENT_TTL_S,
            is_followed=True,
        )
        self.relations: Kind[UserId, Relations] = Kind(
            name="relations",
            key=keys.relations,
            variant=_fourth_variant,
            encode=payloads.encode_relations,
            decode=Decoded(
                payloads.decode_relations, RELATIONS_BYTES, besides=2_000, times=10
            ),
            version=unversioned,
            load=stores.relationships.relations,
            ttl_s=keys.AUTHORITY_TTL_S,
            is_followed=True,
        )
        self.sessions = _access_key_kind("session", keys.session, stores.sessions)
        self.tokens = _access_key_kind("token", keys.token, stores.tokens)
        stored = StoredLoader(stores.timelines, entries)
        self.homes = slice_kind("home", lambda s: keys.home(s.user_id), stored)
        self.list_timelines = slice_kind(
            "list", lambda s: keys.timeline(str(s.owner)), stored
        )
        self.lists: Kind[UserId, tuple[UserList, ...]] = Kind(
            name="lists",
            key=keys.lists,
            variant=lambda _: "all",
            encode=list_payloads.encode_lists,
            decode=list_payloads.decode_lists,
            version=unversioned,
            load=stores.lists.of_owners,
            ttl_s=keys.AUTHORITY_TTL_S,
            is_followed=True,
        )
        self.listings: Kind[tuple[UserId, ListId], Listing] = Kind(
            name="listing",
            key=lambda i: keys.lists(i[0]),
            variant=lambda i: str(i[1]),
            encode=list_payloads.encode_listing,
            decode=list_payloads.decode_listing,
            version=unversioned,
            load=stores.lists.get_many,
            ttl_s=keys.AUTHORITY_TTL_S,
            is_followed=True,
        )
        self.user_timelines = slice_kind(
            "user_timeline",
            lambda s: keys.user_timeline(s.user_id),
            query_loader(lambda s, q: stores.posts.entries_by([s.user_id], **q)),
        )
        self.pulls: Kind[UserId, Pulls] = Kind(
            name="pulls",
            key=lambda _: keys.pulls(),
            variant=lambda _: "doc.2",
            encode=payloads.encode_pulls,
            decode=Decoded(payloads.decode_pulls, PULLS_BYTES, besides=500, times=10),
            version=unversioned,
            load=lambda ids: dict.fromkeys(
                ids, Pulls.of(stores.pull_authors.last_pulls(MOST_PULLED + 1))
            ),
            ttl_s=keys.TIMELINE_TTL_S,
            is_followed=True,
        )
        self.public = slice_kind(
            "public",
            lambda _: keys.public(),
            query_loader(lambda _, q: stores.posts.listed(**q)),
        )
        self.tags = slice_kind(
            "tag",
            lambda s: keys.tag(str(s.owner)),
            query_loader(lambda s, q: stores.posts.tagged(str(s.owner), **q)),
            is_followed=False,  # which hashtags an edit took away no change tells
        )
        self.reactions: Kind[tuple[UserId, Span], Reacted] = Kind(
            name="reactions",
            key=lambda i: keys.reactions(*i),
            variant=_only_variant,
            encode=payloads.encode_reactions,
            decode=payloads.decode_reactions,
            version=unversioned,
            load=stores.reactions.of_spans,
            ttl_s=keys.TIMELINE_TTL_S,
            is_followed=True,
        )
        self.id_lists = _favourites_and_such(stores)
        self.active = _conversations(stores)
        self.notifications = _notification_kind(stores)
        self.unread: Kind[UserId, Unread] = Kind(
            name="unread",
            key=keys.unread,
            variant=_only_variant,
            encode=payloads.encode_unread,
            decode=payloads.decode_unread,
            version=unversioned,
            load=stores.notifications.unread,
            ttl_s=keys.TIMELINE_TTL_S,
            is_followed=True,
        )
        self.markers: Kind[UserId, dict[Marked, Marker]] = Kind(
            name="markers",
            key=keys.markers,
            variant=_only_variant,
            encode=payloads.encode_markers,
            decode=payloads.decode_markers,
            version=unversioned,
            load=stores.markers.of_users,
            ttl_s=keys.TIMELINE_TTL_S,
            is_followed=True,
        )
        self.threads: Kind[PostId, tuple[Threaded, ...]] = Kind(
            name="thread",
            key=keys.thread,
            variant=_only_variant,
            encode=payloads.encode_thread,
            decode=payloads.decode_thread,
            version=unversioned,
            load=lambda roots: {
                root: tuple(stores.posts.thread(root, limit=MAX_THREAD))
                for root in roots
            },
            ttl_s=keys.TIMELINE_TTL_S,
            is_followed=True,
            weight=THREAD_WEIGHT,
        )


def _only_variant(_: object) -> str:
    return "doc"


def _third_variant(_: object) -> str:
    return "doc.3"


def _fourth_variant(_: object) -> str:
    return "doc.4"


def _favourites_and_such(stores: Stores) -> Kind[IdListSlice, IdListChunk]:
    """Make the kind of the id lists that are somebody's own, or a post's."""
    by_user, on_post = stores.reactions.by_user, stores.reactions.on_post
    loaders: Mapping[str, Callable[..., list[Row]]] = {
        "favourites": partial(by_user, Act.FAVOURITE),
        "bookmarks": partial(by_user, Act.BOOKMARK),
        "favourited_by": partial(on_post, Act.FAVOURITE),
        "reposted_by": partial(on_post, Act.REPOST),
        "followers": stores.relationships.followers,
    }
    return _id_list_kind(
        "id_list",
        keys.id_list,
        lambda part, wanted: loaders[part.name](part.owner_id, wanted),
        is_followed=True,
    )


def _conversations(stores: Stores) -> Kind[IdListSlice, IdListChunk]:
    """Make the kind of the timelines whose active order is an index."""
    loaders: Mapping[str, Callable[..., list[Row]]] = {
        "public": stores.activity.listed,
        "tag": stores.activity.tagged,
        "user": stores.activity.by_author,
    }
    return _id_list_kind(
        "active",
        keys.active,
        lambda part, wanted: loaders[part.name](part.owner_id, wanted, part.as_of),
        is_followed=False,  # where a conversation stood before no change tells
    )


def _id_list_kind(
    name: str,
    key: Callable[[str, Any], CacheKey],
    rows_of: Callable[[IdListSlice, Between], list[Row]],
    *,
    is_followed: bool,
) -> Kind[IdListSlice, IdListChunk]:
    def load(part: IdListSlice) -> IdListChunk:
        wanted = Between(*part.bounds, CHUNK, ascending=part.is_upwards)
        rows = rows_of(part, wanted)
        return IdListChunk(tuple(rows), ends=len(rows) < CHUNK)

    return Kind(
        name=name,
        key=lambda part: key(part.name, part.owner_id),
        variant=lambda part: part.variant,
        encode=payloads.encode_id_list,
        decode=payloads.decode_id_list,
        version=unversioned,
        load=lambda parts: {part: load(part) for part in parts},
        ttl_s=keys.TIMELINE_TTL_S,
        is_followed=is_followed,
        weight=CHUNK_WEIGHT,
    )


def _notification_kind(
    stores: Stores,
) -> Kind[NotificationSlice, NotificationChunk]:
    def load(part: NotificationSlice) -> NotificationChunk:
        above, below = part.bounds
        rows = stores.notifications.page(
            part.user_id, part.wish, below=below, above=above, limit=CHUNK
        )
        return NotificationChunk(tuple(rows), ends=len(rows) < CHUNK)

    return Kind(
        name="notifications",
        key=lambda part: keys.notifications(part.user_id),
        variant=lambda part: part.variant,
        encode=payloads.encode_notifications,
        decode=payloads.decode_notifications,
        version=unversioned,
        load=lambda parts: {part: load(part) for part in parts},
        ttl_s=keys.TIMELINE_TTL_S,
        is_followed=True,
        weight=CHUNK_WEIGHT,
    )


def _access_key_kind(
    name: str, key: Callable[[UserId, str], CacheKey], store: AccessKeyStore
) -> Kind[AccessKeyId, AccessKey]:
    def load(ids: Sequence[AccessKeyId]) -> Mapping[AccessKeyId, AccessKey]:
        found = {i: store.find(i.user_id, i.digest) for i in ids}
        return {
            i: access_key for i, access_key in found.items() if access_key is not None
        }

    return Kind(
        name=name,
        key=lambda i: key(i.user_id, i.digest),
        variant=_only_variant,
        encode=payloads.encode_access_key,
        decode=payloads.decode_access_key,
        version=unversioned,
        load=load,
        ttl_s=keys.AUTHORITY_TTL_S,
        is_followed=True,
    )
