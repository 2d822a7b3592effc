"""Encode and decode cached entities: JSON, or packed integers where there are many.

JSON is decoded to text first, because `json.loads` would detect the encoding each time.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from kwip.domain.clock import at, to_ms
from kwip.domain.ids import PostId, UserId
from kwip.domain.posts import Post, Visibility
from kwip.domain.reactions import Reacted
from kwip.domain.relationships import Relations
from kwip.domain.text import Hashtag, Link, Mention
from kwip.domain.timelines.markers import Marked, Marker
from kwip.domain.timelines.notifications import Unread
from kwip.domain.timelines.slices import RowChunk
from kwip.domain.timelines.threads import Threaded
from kwip.domain.timelines.timelines import Chunk, Entry, Pulls
from kwip.domain.users import ProfileField, User
from kwip.store.accounts.access_keys import AccessKey

if TYPE_CHECKING:
    from collections.abc import Mapping


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_user(user: User) -> bytes:
    """Pack a user."""
    return _dump(
        [
            user.id,
            user.username,
            user.display_name,
            user.bio,
            user.avatar,
            user.banner,
            [[x.name, x.value] for x in user.fields],
            user.pinned_ids,
            [
                user.is_suspended,
                user.is_embeddable,
                user.is_admin,
                user.folds_repeats,
            ],
            [user.posts_count, user.followers_count, user.following_count],
            user.version,
        ]
    )


def decode_user(raw: bytes) -> User:
    """Unpack a user."""
    (
        user_id,
        username,
        display_name,
        bio,
        avatar,
        banner,
        fields,
        pinned,
        flags,
        counts,
        version,
    ) = json.loads(raw.decode())
    is_suspended, is_embeddable, is_admin, folds_repeats = flags
    posts, followers, following = counts
    return User(
        id=UserId(user_id),
        username=username,
        display_name=display_name,
        bio=bio,
        avatar=avatar,
        banner=banner,
        fields=tuple(ProfileField(*field) for field in fields),
        pinned_ids=tuple(pinned),
        is_suspended=is_suspended,
        is_embeddable=is_embeddable,
        is_admin=is_admin,
        folds_repeats=folds_repeats,
        posts_count=posts,
        followers_count=followers,
        following_count=following,
        version=version,
    )


def encode_post(post: Post) -> bytes:
    """Pack a post."""
    return _dump(
        {
            "id": post.id,
            "by": post.author_id,
            "text": post.text,
            "vis": post.visibility.value,
            "at": to_ms(post.created_at),
            "links": [[x.start, x.end, x.url] for x in post.links],
            "mentions": [
                [x.start, x.end, x.user_id, x.username] for x in post.mentions
            ],
            "tags": [[x.start, x.end, x.name] for x in post.hashtags],
            "cw": post.warning,
            "nsfw": post.is_sensitive,
            "to": post.in_reply_to_id,
            "to_by": post.in_reply_to_author_id,
            "root": post.root_id,
            "of": post.repost_of_id,
            "of_by": post.repost_of_author_id,
            "again": post.repeats_id,
            "last": post.last_public_reply_id,
            "src": post.source,
            "lang": post.language,
            "edited": None if post.edited_at is None else to_ms(post.edited_at),
            "gone": post.is_tombstone,
            "counts": [post.replies_count, post.reposts_count, post.favourites_count],
            "v": post.version,
        }
    )


def decode_post(raw: bytes) -> Post:
    """Unpack a post."""
    d: dict[str, Any] = json.loads(raw.decode())
    replies, reposts, favourites = d["counts"]
    return Post(
        id=PostId(d["id"]),
        author_id=UserId(d["by"]),
        text=d["text"],
        visibility=Visibility(d["vis"]),
        created_at=at(d["at"]),
        links=tuple(Link(*x) for x in d["links"]),
        mentions=tuple(Mention(*x) for x in d["mentions"]),
        hashtags=tuple(Hashtag(*x) for x in d["tags"]),
        warning=d["cw"],
        is_sensitive=d["nsfw"],
        in_reply_to_id=d["to"],
        in_reply_to_author_id=d["to_by"],
        root_id=PostId(d["root"]),
        repost_of_id=d["of"],
        repost_of_author_id=d["of_by"],
        repeats_id=d["again"],
        last_public_reply_id=d["last"],
        source=d["src"],
        language=d["lang"],
        edited_at=None if d["edited"] is None else at(d["edited"]),
        is_tombstone=d["gone"],
        replies_count=replies,
        reposts_count=reposts,
        favourites_count=favourites,
        version=d["v"],
    )


def encode_relations(relations: Relations) -> bytes:
    """Pack relations: six lengths, the ids, and hashtags separated by newlines."""
    groups = (
        relations.follows,
        relations.mutes,
        relations.blocks,
        relations.blocked_by,
        relations.notifies,
        relations.exclusive,
    )
    packed = array("q", [len(group) for group in groups])
    for group in groups:
        packed.extend(group)
    return packed.tobytes() + "\n".join(sorted(relations.tags)).encode()


def decode_relations(raw: bytes) -> Relations:
    """Unpack relations: six lengths, the ids, and hashtags separated by newlines."""
    packed, lengths = array("q"), array("q")
    lengths.frombytes(raw[: 6 * lengths.itemsize])
    end = (6 + sum(lengths)) * lengths.itemsize
    packed.frombytes(raw[:end])
    start, groups = 6, []
    for length in lengths:
        groups.append(frozenset(UserId(i) for i in packed[start : start + length]))
        start += length
    follows, mutes, blocks, blocked_by, notifies, exclusive = groups
    return Relations(
        follows=follows,
        mutes=mutes,
        blocks=blocks,
        blocked_by=blocked_by,
        notifies=notifies,
        exclusive=exclusive,
        tags=frozenset(raw[end:].decode().split("\n")) if raw[end:] else frozenset(),
    )


def encode_reactions(reactions: Reacted) -> bytes:
    """Pack reactions: three lengths, then the ids."""
    groups = (reactions.favourites, reactions.bookmarks, reactions.reposts)
    packed = array("q", [len(group) for group in groups])
    for group in groups:
        packed.extend(group)
    return packed.tobytes()


def decode_reactions(raw: bytes) -> Reacted:
    """Unpack reactions: three lengths, then the ids."""
    packed = array("q")
    packed.frombytes(raw)
    start, groups = 3, []
    for length in packed[:3]:
        groups.append(frozenset(PostId(i) for i in packed[start : start + length]))
        start += length
    return Reacted(*groups)


def encode_access_key(access_key: AccessKey) -> bytes:
    """Pack a session or token."""
    return _dump(
        [
            access_key.user_id,
            access_key.digest,
            access_key.username,
            access_key.name,
            sorted(access_key.scopes),
            to_ms(access_key.created_at),
            None if access_key.expires_at is None else to_ms(access_key.expires_at),
        ]
    )


def decode_access_key(raw: bytes) -> AccessKey:
    """Unpack a session or token."""
    user_id, digest, username, name, scopes, created, expires = json.loads(raw.decode())
    return AccessKey(
        user_id=UserId(user_id),
        digest=digest,
        username=username,
        name=name,
        scopes=frozenset(scopes),
        created_at=at(created),
        expires_at=None if expires is None else at(expires),
    )


def encode_chunk(chunk: Chunk) -> bytes:
    """Pack a slice: floor, end, then five numbers per entry."""
    packed = array("q", [chunk.floor, chunk.ends])
    for entry in chunk.entries:
        packed.extend(entry)
    return packed.tobytes()


def decode_chunk(raw: bytes) -> Chunk:
    """Unpack a slice: floor, end, then five numbers per entry."""
    (floor, ends), entries = _unpack(raw, 2, Entry)
    return Chunk(entries, floor=floor, ends=bool(ends))


def encode_rows(chunk: RowChunk[Any]) -> bytes:
    """Pack rows: whether they end, then the numbers of each row."""
    packed = array("q", [chunk.ends])
    for row in chunk.rows:
        packed.extend(row)
    return packed.tobytes()


def decode_rows(raw: bytes, row: Any) -> RowChunk[Any]:
    """Unpack rows of a class."""
    ends, rows = _unpack(raw, 1, row)
    return RowChunk(rows, ends=bool(ends[0]))


def _unpack(raw: bytes, first: int, kind: Any) -> tuple[array[int], tuple[Any, ...]]:
    """Unpack `first` numbers, then rows with the fields of `kind`."""
    packed = array("q")
    packed.frombytes(raw)
    width = len(kind._fields)
    columns = (packed[start::width] for start in range(first, first + width))
    return packed[:first], tuple(map(kind._make, zip(*columns, strict=True)))


def encode_unread(unread: Unread) -> bytes:
    """Pack what is unread: the marker, then the actors."""
    return array("q", [unread.last_read_id, *unread.actor_ids]).tobytes()


def decode_unread(raw: bytes) -> Unread:
    """Unpack what is unread: the marker, then the actors."""
    packed = array("q")
    packed.frombytes(raw)
    return Unread(packed[0], tuple(UserId(i) for i in packed[1:]))


def encode_pulls(pulls: Pulls) -> bytes:
    """Pack the pull authors: the floor, then two numbers per author."""
    packed = array("q", [pulls.floor])
    for author_and_post in pulls.newest.items():
        packed.extend(author_and_post)
    return packed.tobytes()


def decode_pulls(raw: bytes) -> Pulls:
    """Unpack the pull authors: the floor, then two numbers per author."""
    packed = array("q")
    packed.frombytes(raw)
    newest = {
        UserId(author_id): PostId(post_id)
        for author_id, post_id in zip(packed[1::2], packed[2::2], strict=True)
    }
    return Pulls(newest, packed[0])


def encode_markers(markers: Mapping[Marked, Marker]) -> bytes:
    """Pack a user's markers."""
    return _dump(
        {
            name: [marker.last_read_id, marker.version, to_ms(marker.updated_at)]
            for name, marker in markers.items()
        }
    )


def decode_markers(raw: bytes) -> dict[Marked, Marker]:
    """Unpack a user's markers."""
    found: dict[Marked, list[int]] = json.loads(raw.decode())
    return {
        name: Marker(last_read_id=last, version=version, updated_at=at(ms))
        for name, (last, version, ms) in found.items()
    }


def encode_thread(thread: tuple[Threaded, ...]) -> bytes:
    """Pack a thread: three numbers per post."""
    packed = array("q")
    for one in thread:
        packed.extend(one)
    return packed.tobytes()


def decode_thread(raw: bytes) -> tuple[Threaded, ...]:
    """Unpack a thread: three numbers per post."""
    return _unpack(raw, 0, Threaded)[1]
