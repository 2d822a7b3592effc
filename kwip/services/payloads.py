"""Cached entities as bytes: JSON, or packed integers where there are many.

JSON is decoded to text first: `json.loads` would look for the encoding each time.
"""

from __future__ import annotations

import json
from array import array
from typing import Any

from kwip.domain.clock import at, to_ms
from kwip.domain.ids import PostId, UserId
from kwip.domain.posts import Post, Visibility
from kwip.domain.relationships import Relations
from kwip.domain.text import Link, Mention
from kwip.domain.timelines import Chunk, Entry
from kwip.domain.users import User
from kwip.store.access import Access
from kwip.store.posts import Threaded


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
            user.posts_count,
            user.followers_count,
            user.following_count,
            user.version,
        ]
    )


def decode_user(raw: bytes) -> User:
    """Unpack a user."""
    user_id, username, display_name, bio, avatar, posts, followers, following, v = (
        json.loads(raw.decode())
    )
    return User(
        id=UserId(user_id),
        username=username,
        display_name=display_name,
        bio=bio,
        avatar=avatar,
        posts_count=posts,
        followers_count=followers,
        following_count=following,
        version=v,
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
            "to": post.in_reply_to_id,
            "to_by": post.in_reply_to_author_id,
            "root": post.root_id,
            "src": post.source,
            "lang": post.language,
            "edited": None if post.edited_at is None else to_ms(post.edited_at),
            "gone": post.is_tombstone,
            "replies": post.replies_count,
            "v": post.version,
        }
    )


def decode_post(raw: bytes) -> Post:
    """Unpack a post."""
    d: dict[str, Any] = json.loads(raw.decode())
    return Post(
        id=PostId(d["id"]),
        author_id=UserId(d["by"]),
        text=d["text"],
        visibility=Visibility(d["vis"]),
        created_at=at(d["at"]),
        links=tuple(Link(*x) for x in d["links"]),
        mentions=tuple(Mention(*x) for x in d["mentions"]),
        in_reply_to_id=d["to"],
        in_reply_to_author_id=d["to_by"],
        root_id=PostId(d["root"]),
        source=d["src"],
        language=d["lang"],
        edited_at=None if d["edited"] is None else at(d["edited"]),
        is_tombstone=d["gone"],
        replies_count=d["replies"],
        version=d["v"],
    )


def encode_relations(relations: Relations) -> bytes:
    """Pack relations: four lengths, then the ids."""
    groups = (
        relations.follows,
        relations.mutes,
        relations.blocks,
        relations.blocked_by,
    )
    packed = array("q", [len(group) for group in groups])
    for group in groups:
        packed.extend(group)
    return packed.tobytes()


def decode_relations(raw: bytes) -> Relations:
    """Unpack relations: four lengths, then the ids."""
    packed = array("q")
    packed.frombytes(raw)
    start, groups = 4, []
    for length in packed[:4]:
        groups.append(frozenset(UserId(i) for i in packed[start : start + length]))
        start += length
    follows, mutes, blocks, blocked_by = groups
    return Relations(follows=follows, mutes=mutes, blocks=blocks, blocked_by=blocked_by)


def encode_access(access: Access) -> bytes:
    """Pack a session or token."""
    return _dump(
        [
            access.user_id,
            access.digest,
            access.username,
            access.name,
            sorted(access.scopes),
            to_ms(access.created_at),
            None if access.expires_at is None else to_ms(access.expires_at),
        ]
    )


def decode_access(raw: bytes) -> Access:
    """Unpack a session or token."""
    user_id, digest, username, name, scopes, created, expires = json.loads(raw.decode())
    return Access(
        user_id=UserId(user_id),
        digest=digest,
        username=username,
        name=name,
        scopes=frozenset(scopes),
        created_at=at(created),
        expires_at=None if expires is None else at(expires),
    )


def encode_chunk(chunk: Chunk) -> bytes:
    """Pack a chunk: floor, end, then three numbers an entry."""
    packed = array("q", [chunk.floor, chunk.ends])
    for entry in chunk.entries:
        packed.extend((entry.post_id, entry.author_id, entry.reply_to_id))
    return packed.tobytes()


def decode_chunk(raw: bytes) -> Chunk:
    """Unpack a chunk: floor, end, then three numbers an entry."""
    packed = array("q")
    packed.frombytes(raw)
    entries = tuple(
        map(Entry._make, zip(packed[2::3], packed[3::3], packed[4::3], strict=True))
    )
    return Chunk(entries, floor=packed[0], ends=bool(packed[1]))


def encode_thread(thread: tuple[Threaded, ...]) -> bytes:
    """Pack a thread: three numbers a post."""
    packed = array("q")
    for one in thread:
        packed.extend((one.post_id, one.author_id, one.parent_id))
    return packed.tobytes()


def decode_thread(raw: bytes) -> tuple[Threaded, ...]:
    """Unpack a thread: three numbers a post."""
    packed = array("q")
    packed.frombytes(raw)
    return tuple(
        map(Threaded._make, zip(packed[0::3], packed[1::3], packed[2::3], strict=True))
    )
