"""The shape of every document; `docs/data-model.md` shows each by example.

Every document has `schema`, an int; `kwip.store.upgrades` lifts old ones on read.
Times are aware UTC; `_at` is a time, `_id` an id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import ListId, PostId, UserId


class ProfileFieldDocument(TypedDict):
    """A line that a user adds to the profile."""

    name: str
    value: str


class UserDocument(TypedDict):
    """Who publishes and follows: what everybody may see, and counters."""

    _id: UserId
    schema: int
    username: str
    display_name: str
    bio: str
    avatar: str
    banner: str
    fields: list[ProfileFieldDocument]
    pinned_ids: list[PostId]
    is_suspended: bool
    is_embeddable: bool
    is_admin: bool
    folds_repeats: bool
    posts_count: int
    followers_count: int
    following_count: int
    last_pull_id: PostId
    version: int


class CredentialDocument(TypedDict):
    """How a user signs in; never cached, never in a view."""

    _id: UserId
    schema: int
    email: str
    email_key: str
    password_hash: str


class ClaimDocument(TypedDict):
    """A value that must be unique is an `_id` here, for example `handle:alice`.

    Unique indexes do not survive sharding, `_id` does. The handle of a deleted user
    stays, with 0 as its user, so that nobody is taken for them. Idempotency claims
    carry the post's id and nonce, the body's digest and an end. The claim `setup` is
    nobody's: the digest of a code, and an end.
    """

    _id: str
    schema: int
    user_id: UserId
    post_id: NotRequired[PostId]
    nonce: NotRequired[str]
    digest: NotRequired[str]
    expires_at: NotRequired[dt.datetime]


class LinkDocument(TypedDict):
    """An address in a post's text, by code points."""

    start: int
    end: int
    url: str


class MentionDocument(TypedDict):
    """A user named in a post's text, by code points."""

    start: int
    end: int
    user_id: UserId
    username: str


class HashtagDocument(TypedDict):
    """A hashtag in a post's text, by code points."""

    start: int
    end: int
    name: str


class RevisionDocument(TypedDict):
    """An earlier text of a post; those of schema 1 have neither warning nor flag."""

    text: str
    written_at: dt.datetime
    warning: NotRequired[str]
    is_sensitive: NotRequired[bool]


class FanoutDocument(TypedDict):
    """How far the delivery of a post has come: the outbox inside the post.

    `due_at` is when the sweeper rings for it next; `start` is the follower where
    the ring of followers is entered, `cursor` the last one delivered to. `told` is
    there as soon as those are told to whom the post speaks: the last follower told
    of those who asked to be, or 0. `listed` is the last list delivered to.
    """

    state: Literal["pending", "done", "dead"]
    mode: Literal["push", "pull", "none"] | None
    start: int | None
    cursor: int | None
    has_wrapped: bool
    told: NotRequired[int]
    listed: NotRequired[int]
    lease_owner: str | None
    lease_until: dt.datetime | None
    enqueued_at: dt.datetime
    due_at: dt.datetime
    attempts: int


class PostDocument(TypedDict):
    """What a person publishes, or the tombstone that is left of it."""

    _id: PostId
    schema: int
    author_id: UserId
    text: str
    visibility: str
    links: list[LinkDocument]
    mentions: list[MentionDocument]
    hashtags: list[HashtagDocument]
    tags: list[str]
    warning: str
    is_sensitive: bool
    in_reply_to_id: PostId | None
    in_reply_to_author_id: UserId | None
    root_id: PostId
    repost_of_id: PostId | None
    repost_of_author_id: UserId | None
    said: int | None
    repeats_id: PostId | None
    last_public_reply_id: PostId | None
    source: str
    language: str | None
    created_at: dt.datetime
    edited_at: dt.datetime | None
    revisions: list[RevisionDocument]
    is_tombstone: bool
    is_listed: bool
    replies_count: int
    reposts_count: int
    favourites_count: int
    version: int
    nonce: str
    fanout: FanoutDocument


class CompactionDocument(TypedDict):
    """Who rearranges a timeline, and until when."""

    owner: str
    until: dt.datetime


class TimelineDocument(TypedDict):
    """The open bucket of one owner's timeline; `_id` is for example `home:17`.

    `terms` counts the compaction leases that were given; the buckets that one of them
    makes bear its number as their epoch.
    """

    _id: str
    schema: int
    entries: list[PostId]
    floor: int
    epoch: int
    version: int
    sealed_to: int
    state: Literal["ok", "dropping", "building"]
    upkeep: CompactionDocument | None
    terms: int
    last_read_at: dt.datetime | None


class BucketDocument(TypedDict):
    """A sealed slice of a timeline; `_id` is `<owner>:<epoch>:<high>`."""

    _id: str
    schema: int
    owner: str
    epoch: int
    low: PostId
    high: PostId
    entries: list[PostId]
    expires_at: NotRequired[dt.datetime]


class FollowDocument(TypedDict):
    """An edge seen from the follower; `_id` is `<follower>:<followee>`.

    `merging` and `removed` say that the home still waits for a backfill or purge.
    `nonce` is drawn for each follow and block, so that whoever ends the waiting of
    one cannot end that of the next one. `notify` says that the follower wants to be
    told of each new post.
    """

    _id: str
    schema: int
    follower_id: UserId
    followee_id: UserId
    state: Literal["merging", "active", "removed"]
    due_at: dt.datetime
    attempts: int
    nonce: str
    notify: bool


class FollowerDocument(TypedDict):
    """The same edge seen from the followee; `_id` is `<followee>:<follower>`.

    Fan-out passes over who is not `active`, decided in `active_term`.
    """

    _id: str
    schema: int
    followee_id: UserId
    follower_id: UserId
    active: bool
    active_term: NotRequired[int]
    notify: bool


class BlockDocument(TypedDict):
    """One side of a block; both are written in one transaction.

    `_id` is `<user>:<direction>:<other>`; `out` stands with who blocks.
    """

    _id: str
    schema: int
    user_id: UserId
    other_id: UserId
    direction: Literal["out", "in"]


class MuteDocument(TypedDict):
    """Somebody whose posts a user does not want to see; `_id` is `<user>:<other>`."""

    _id: str
    schema: int
    user_id: UserId
    other_id: UserId


class ListDocument(TypedDict):
    """Some of those whom a user follows, as a timeline of its own.

    `state` is `deleted`, and `due_at` a time, while what belongs to it is removed.
    """

    _id: ListId
    schema: int
    owner_id: UserId
    title: str
    replies_policy: Literal["none", "list", "followed"]
    is_exclusive: bool
    member_ids: list[UserId]
    state: Literal["active", "deleted"]
    due_at: dt.datetime | None
    version: int


class ListMemberDocument(TypedDict):
    """A place in a list seen from the member; `_id` is `<member>:<list>`.

    `merging` and `removed` say that the list's timeline still waits for a merge or a
    purge; `nonce` is as that of a follow.
    """

    _id: str
    schema: int
    list_id: ListId
    owner_id: UserId
    member_id: UserId
    state: Literal["merging", "active", "removed"]
    due_at: dt.datetime
    nonce: str


class FollowedTagsDocument(TypedDict):
    """The hashtags that a user follows, by their folded names; `_id` is the user's."""

    _id: UserId
    schema: int
    tags: list[str]


class ReactionDocument(TypedDict):
    """One act of a user on a post; `_id` is `<user>:<act>:<post>`.

    It is the claim that keeps a repost single: `repost_id` is the post that the
    repost made, in the same transaction.
    """

    _id: str
    schema: int
    user_id: UserId
    act: Literal["favourite", "bookmark", "repost"]
    post_id: PostId
    author_id: UserId
    reply_to_id: UserId | None
    seq: int
    repost_id: NotRequired[PostId]


class NotificationDocument(TypedDict):
    """What one recipient is told; `_id` is `<recipient>:<about>:<source>`.

    `<about>` is `post`, `repost`, `favourite` or `follow`; a post has one name for a
    recipient, be it a reply, a mention or asked for. `seq` is its id and place. Where
    there is no post, nobody answered or nothing reposted, ids are 0.
    """

    _id: str
    schema: int
    recipient_id: UserId
    kind: Literal["mention", "reply", "repost", "favourite", "follow", "post"]
    actor_id: UserId
    seq: int
    post_id: PostId
    reply_to_id: UserId
    repost_of_id: PostId
    expires_at: dt.datetime


class MarkerDocument(TypedDict):
    """How far one timeline was read; `version` counts the changes."""

    last_read_id: int
    version: int
    updated_at: dt.datetime


class MarkersDocument(TypedDict):
    """How far a user has read, on every device; `_id` is the user's."""

    _id: UserId
    schema: int
    home: NotRequired[MarkerDocument]
    notifications: NotRequired[MarkerDocument]


class AccessKeyDocument(TypedDict):
    """A session or a personal token; `_id` is `<user>:<SHA-256 of the secret>`."""

    _id: str
    schema: int
    user_id: UserId
    username: str
    name: str
    scopes: list[str]
    created_at: dt.datetime
    expires_at: NotRequired[dt.datetime]


class ChangeStreamDocument(TypedDict):
    """Who repeats invalidations, until when, and how far it has come."""

    _id: Literal["cache"]
    schema: int
    owner: str
    until: dt.datetime
    token: dict[str, str] | None


class JobDocument(TypedDict):
    """A long operator's job that can be resumed, for example `reindex:timelines`."""

    _id: str
    schema: int
    state: Literal["running", "done"]
    cursor: int
    counts: dict[str, int]
    started_at: dt.datetime
    updated_at: dt.datetime
    detail: dict[str, str]
