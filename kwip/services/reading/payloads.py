"""Encode and decode cached entities: JSON, or packed integers where there are many.

JSON is decoded to text first, because `json.loads` would detect the encoding each time.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import fields
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import FeaturedTag, ProfileField, User
from kwip.domain.clock import at, to_ms
from kwip.domain.ids import PostId, UserId
from kwip.domain.media.attachments import Attachment, AttachmentKind
from kwip.domain.media.link_previews import LinkPreview, PreviewImage, PreviewKind
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.posting.polls import Option, Poll
from kwip.domain.posting.posts import Post, QuotePolicy, ReplyPolicy, Visibility
from kwip.domain.posting.reactions import Reacted
from kwip.domain.social.relationships import Relations
from kwip.domain.text import Hashtag, Link, Mention
from kwip.domain.timelines.markers import Marked, Marker
from kwip.domain.timelines.notifications import KINDS, NotificationKind, Unread
from kwip.domain.timelines.slices import RowChunk
from kwip.domain.timelines.threads import Threaded
from kwip.domain.timelines.timelines import Chunk, Entry, Pulls
from kwip.services.reading import filter_payloads
from kwip.store.accounts.access_keys import AccessKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def _names(kind: type[Any], *without: str) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name not in without)


#: The fields that are packed as they are.
_USER = _names(
    User,
    *("fields", "pinned_ids", "featured_tags", "embed_origins", "endorsed_ids"),
    *("role", "reply_policy", "quote_policy"),
    "dismissed_ids",
)
_POST = _names(
    Post,
    *("visibility", "quote_policy", "reply_policy", "created_at", "edited_at"),
    *("links", "mentions", "hashtags", "media", "poll", "preview"),
)
_ATTACHMENT = _names(Attachment)
_POLL = _names(Poll, "options", "expires_at")
_PREVIEW = _names(LinkPreview, "image")
_IMAGE = _names(PreviewImage)
_RELATIONS = _names(Relations, "tags", "mute_ends", "filters")
_user_values, _post_values = attrgetter(*_USER), attrgetter(*_POST)
_attachment_values = attrgetter(*_ATTACHMENT)
_poll_values = attrgetter(*_POLL)
_preview_values, _image_values = attrgetter(*_PREVIEW), attrgetter(*_IMAGE)
_groups_of = attrgetter(*_RELATIONS)


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_user(user: User) -> bytes:
    """Pack a user: what JSON has no type for, then all else in order."""
    profile = [
        [x.name, x.value, None if x.verified_at is None else to_ms(x.verified_at)]
        for x in user.fields
    ]
    featured = [[x.id, x.name] for x in user.featured_tags]
    lists = [profile, user.pinned_ids, featured, user.embed_origins, user.endorsed_ids]
    words = [user.role, user.reply_policy, user.quote_policy]
    return _dump([*lists, user.dismissed_ids, *words, *_user_values(user)])


def decode_user(raw: bytes) -> User:
    """Unpack a user."""
    profile, pinned, featured, origins, endorsed, *others = json.loads(raw.decode())
    dismissed, role, replying, quoting, *values = others
    return User(
        fields=tuple(
            ProfileField(name, value, None if ms is None else at(ms))
            for name, value, ms in profile
        ),
        pinned_ids=tuple(pinned),
        featured_tags=tuple(FeaturedTag(*tag) for tag in featured),
        embed_origins=tuple(origins),
        dismissed_ids=tuple(dismissed),
        endorsed_ids=tuple(endorsed),
        role=Role(role),
        reply_policy=ReplyPolicy(replying),
        quote_policy=QuotePolicy(quoting),
        **dict(zip(_USER, values, strict=True)),
    )


def encode_post(post: Post) -> bytes:
    """Pack a post: what JSON has no type for, then all else in order."""
    return _dump(
        [
            post.visibility.value,
            post.quote_policy.value,
            post.reply_policy.value,
            to_ms(post.created_at),
            None if post.edited_at is None else to_ms(post.edited_at),
            [[x.start, x.end, x.url] for x in post.links],
            [[x.start, x.end, x.user_id, x.username] for x in post.mentions],
            [[x.start, x.end, x.name] for x in post.hashtags],
            list(map(_attachment_values, post.media)),
            None if post.poll is None else _pack_poll(post.poll),
            None if post.preview is None else _pack_preview(post.preview),
            *_post_values(post),
        ]
    )


def decode_post(raw: bytes) -> Post:
    """Unpack a post."""
    visibility, quoting, replying, *others = json.loads(raw.decode())
    created, edited, *others = others
    links, mentions, hashtags, media, poll, preview, *values = others
    return Post(
        visibility=Visibility(visibility),
        quote_policy=QuotePolicy(quoting),
        reply_policy=ReplyPolicy(replying),
        created_at=at(created),
        edited_at=None if edited is None else at(edited),
        links=tuple(Link(*x) for x in links),
        mentions=tuple(Mention(*x) for x in mentions),
        hashtags=tuple(Hashtag(*x) for x in hashtags),
        media=tuple(map(_unpack_attachment, media)),
        poll=None if poll is None else _unpack_poll(poll),
        preview=None if preview is None else _unpack_preview(preview),
        **dict(zip(_POST, values, strict=True)),
    )


def _pack_poll(poll: Poll) -> list[Any]:
    options = [[x.title, x.votes] for x in poll.options]
    return [options, to_ms(poll.expires_at), *_poll_values(poll)]


def _unpack_poll(packed: list[Any]) -> Poll:
    options, expires, *values = packed
    return Poll(
        options=tuple(Option(*x) for x in options),
        expires_at=at(expires),
        **dict(zip(_POLL, values, strict=True)),
    )


def _pack_preview(preview: LinkPreview) -> list[Any]:
    image = None if preview.image is None else _image_values(preview.image)
    return [image, *_preview_values(preview)]


def _unpack_preview(packed: list[Any]) -> LinkPreview:
    image, *values = packed
    known = dict(zip(_PREVIEW, values, strict=True))
    if image is not None:
        known["image"] = PreviewImage(**dict(zip(_IMAGE, image, strict=True)))
    return LinkPreview(**known | {"kind": PreviewKind(known["kind"])})


def _unpack_attachment(values: list[Any]) -> Attachment:
    packed = dict(zip(_ATTACHMENT, values, strict=True))
    packed["kind"] = AttachmentKind(packed["kind"])
    packed["variants"] = tuple(packed["variants"])
    return Attachment(**packed)


def encode_relations(relations: Relations) -> bytes:
    """Pack relations: lengths, the ids, and JSON of hashtags, ends and filters."""
    filters = list(map(filter_payloads.pack, relations.filters))
    return _dump_groups(_groups_of(relations)) + _dump(
        [sorted(relations.tags), relations.mute_ends, filters]
    )


def decode_relations(raw: bytes) -> Relations:
    """Unpack relations: lengths, the ids, and JSON of hashtags, ends and filters."""
    groups, rest = _load_groups(raw, len(_RELATIONS))
    tags, ends, filters = json.loads(rest.decode())
    return Relations(
        **dict(zip(_RELATIONS, groups, strict=True)),
        tags=frozenset(tags),
        mute_ends=tuple((UserId(user_id), ms) for user_id, ms in ends),
        filters=tuple(map(filter_payloads.unpack, filters)),
    )


def encode_reactions(reactions: Reacted) -> bytes:
    """Pack reactions: three lengths, the ids, then two numbers per vote."""
    groups = (reactions.favourites, reactions.bookmarks, reactions.reposts)
    votes = chain.from_iterable(reactions.ballots.items())
    return _dump_groups(groups) + array("q", votes).tobytes()


def decode_reactions(raw: bytes) -> Reacted:
    """Unpack reactions: three lengths, the ids, then two numbers per vote."""
    (favourites, bookmarks, reposts), rest = _load_groups(raw, 3)
    votes = array("q")
    votes.frombytes(rest)
    ballots = dict(zip(map(PostId, votes[::2]), votes[1::2], strict=True))
    return Reacted(favourites, bookmarks, reposts, ballots)


def _dump_groups(groups: Collection[Collection[int]]) -> bytes:
    packed = array("q", [len(group) for group in groups])
    for group in groups:
        packed += array("q", list(group))  # half the time of extending it by a set
    return packed.tobytes()


def _load_groups(raw: bytes, count: int) -> tuple[list[frozenset[Any]], bytes]:
    """Unpack some groups of ids, and return what follows them."""
    packed, lengths = array("q"), array("q")
    lengths.frombytes(raw[: count * lengths.itemsize])
    end = (count + sum(lengths)) * lengths.itemsize
    packed.frombytes(raw[:end])
    start, groups = count, []
    for length in lengths:
        groups.append(frozenset(packed[start : start + length]))
        start += length
    return groups, raw[end:]


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
    """Pack a slice: floor, end, then seven numbers per entry."""
    packed = array("q", [chunk.floor, chunk.ends])
    for entry in chunk.entries:
        packed.extend(entry)
    return packed.tobytes()


def decode_chunk(raw: bytes) -> Chunk:
    """Unpack a slice: floor, end, then seven numbers per entry."""
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
    """Pack what is unread: the marker, then the actors.

    Kinds that are hidden are the bits of a negative number at the end.
    """
    hidden = sum(1 << kind.number for kind in unread.hidden_kinds)
    end = [-hidden] if hidden else []
    return array("q", [unread.last_read_id, *unread.actor_ids, *end]).tobytes()


def decode_unread(raw: bytes) -> Unread:
    """Unpack what is unread: the marker, then the actors."""
    packed = array("q")
    packed.frombytes(raw)
    hidden: frozenset[NotificationKind] = frozenset()
    if packed[-1] < 0:  # every page decodes this, and few people hide anything
        bits = -packed.pop()
        hidden = frozenset(kind for kind in KINDS if bits >> kind.number & 1)
    return Unread(packed[0], tuple(UserId(i) for i in packed[1:]), hidden)


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
    """Pack a thread: five numbers per post."""
    packed = array("q")
    for one in thread:
        packed.extend(one)
    return packed.tobytes()


def decode_thread(raw: bytes) -> tuple[Threaded, ...]:
    """Unpack a thread: five numbers per post."""
    return _unpack(raw, 0, Threaded)[1]


def encode_guests(replies: tuple[GuestReply, ...]) -> bytes:
    """Pack the replies of guests that are shown below one post."""
    return _dump(
        [
            [x.id, x.post_id, x.author_id, x.name, x.text, to_ms(x.created_at)]
            for x in replies
        ]
    )


def decode_guests(raw: bytes) -> tuple[GuestReply, ...]:
    """Unpack replies of guests."""
    return tuple(
        GuestReply(
            id=id_,
            post_id=PostId(post_id),
            author_id=UserId(author_id),
            name=name,
            text=text,
            sender="",
            created_at=at(ms),
            state=GuestReplyState.SHOWN,
        )
        for id_, post_id, author_id, name, text, ms in json.loads(raw.decode())
    )
