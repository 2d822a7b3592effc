"""Convert posts to documents and back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from kwip.domain.ids import AttachmentId, PostId, UserId
from kwip.domain.posting.polls import Option, Poll
from kwip.domain.posting.posts import (
    Post,
    QuotePolicy,
    ReplyPolicy,
    Revision,
    Visibility,
)
from kwip.domain.posting.repeats import digest_of
from kwip.domain.text import Hashtag, Link, Mention
from kwip.store.posting.media.attachments import MediaDocument, to_attachment, to_media
from kwip.store.posting.media.link_previews import PREVIEW_DUE, SWEEP_AFTER, to_preview
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    import datetime as dt

    from kwip.store.client import Document

#: The fields of a post that documents have as they are.
_AS_STORED = {f.name for f in fields(Post)} - {
    *("id", "visibility", "quote_policy", "reply_policy"),
    *("links", "mentions", "hashtags", "media", "poll", "preview", "is_marked"),
}
#: What the author of a marked post had chosen for `is_sensitive`; others lack it.
MARKED = "marked_was"
#: The end of a post's poll, until that is notified (see `PollEndStore`).
POLL_DUE = "poll_due_at"
#: Part of every update that changes more than counters: a higher version, and the mark
#: that search has yet to take it in (see `SearchStore`).
CHANGED = {"$inc": {"version": 1}, "$currentDate": {"search_due_at": True}}


class LinkDocument(TypedDict):
    """A link in a post's text; positions are code points."""

    start: int
    end: int
    url: str


class MentionDocument(TypedDict):
    """A mentioned user in a post's text; positions are code points."""

    start: int
    end: int
    user_id: UserId
    username: str


class HashtagDocument(TypedDict):
    """A hashtag in a post's text; positions are code points."""

    start: int
    end: int
    name: str


class OptionDocument(TypedDict):
    """An option of a poll, and how many chose it."""

    title: str
    votes: int


class PollDocument(TypedDict):
    """The poll of a post; votes are counted in it, without raising `version`."""

    options: list[OptionDocument]
    expires_at: dt.datetime
    is_multiple: bool
    hides_totals: bool
    voters: int
    round: int


class RevisionDocument(TypedDict):
    """An earlier text of a post; in schema 1 without warning and flag.

    `poll` has the options of its poll, if it had one, and `media` the ids of its
    attachments.
    """

    text: str
    written_at: dt.datetime
    warning: NotRequired[str]
    is_sensitive: NotRequired[bool]
    poll: NotRequired[list[str]]
    media: NotRequired[list[AttachmentId]]


class FanoutDocument(TypedDict):
    """How far the delivery of a post has come: the outbox in the post.

    `due_at` is when the sweeper enqueues it next. `start` is the follower with whom
    delivery began, `cursor` the last one delivered to, `listed` the last list. `told`
    exists once the people whom the post addresses have been notified: 0, or the last
    notified subscriber.
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


class ContentDocument(TypedDict):
    """What an edit changes of a post: the text and everything parsed from it."""

    text: str
    links: list[LinkDocument]
    mentions: list[MentionDocument]
    hashtags: list[HashtagDocument]
    tags: list[str]
    warning: str
    is_sensitive: bool
    media: list[MediaDocument]
    has_media: bool
    language: str | None
    said: int | None


class PostDocument(ContentDocument):
    """A post as published, or the tombstone that is left of it.

    It also has `search_due_at` while search has yet to take in an edit or the deletion,
    `poll_due_at`, the end of its poll, until that is notified, and `preview_due_at`
    while its first link has yet to be looked up. `preview` is what was found there.
    `marked_was` is in posts that a moderator has marked as sensitive.
    """

    _id: PostId
    schema: int
    author_id: UserId
    visibility: str
    poll: PollDocument | None
    in_reply_to_id: PostId | None
    in_reply_to_author_id: UserId | None
    root_id: PostId
    repost_of_id: PostId | None
    repost_of_author_id: UserId | None
    quote_of_id: PostId | None
    quote_of_author_id: UserId | None
    is_quote: bool
    quote_policy: str
    reply_policy: str
    repeats_id: PostId | None
    last_public_reply_id: PostId | None
    source: str
    created_at: dt.datetime
    edited_at: dt.datetime | None
    revisions: list[RevisionDocument]
    is_tombstone: bool
    is_listed: bool
    replies_count: int
    reposts_count: int
    favourites_count: int
    quotes_count: int
    version: int
    nonce: str
    fanout: FanoutDocument


def to_post(document: Document) -> Post:
    """Convert a stored document of any schema to a post."""
    d = upgrade("posts", document)
    return Post(
        id=PostId(d["_id"]),
        visibility=Visibility(d["visibility"]),
        quote_policy=QuotePolicy(d["quote_policy"]),
        reply_policy=ReplyPolicy(d["reply_policy"]),
        links=tuple(Link(x["start"], x["end"], x["url"]) for x in d["links"]),
        mentions=tuple(
            Mention(x["start"], x["end"], UserId(x["user_id"]), x["username"])
            for x in d["mentions"]
        ),
        hashtags=tuple(Hashtag(x["start"], x["end"], x["name"]) for x in d["hashtags"]),
        media=tuple(map(to_attachment, d["media"])),
        poll=None if d["poll"] is None else to_poll(d["poll"]),
        preview=to_preview(d.get("preview")),
        is_marked=MARKED in d,
        **{name: d[name] for name in _AS_STORED},
    )


def to_document(post: Post, nonce: str, fanout: FanoutDocument) -> Document:
    """Return the document of a new post, with its outbox."""
    document: PostDocument = {
        "_id": post.id,
        "schema": schema_of("posts"),
        "author_id": post.author_id,
        **content_of(post),
        "poll": None if post.poll is None else _poll_document(post.poll),
        "visibility": post.visibility.value,
        "in_reply_to_id": post.in_reply_to_id,
        "in_reply_to_author_id": post.in_reply_to_author_id,
        "root_id": post.root_id,
        "repost_of_id": post.repost_of_id,
        "repost_of_author_id": post.repost_of_author_id,
        "quote_of_id": post.quote_of_id,
        "quote_of_author_id": post.quote_of_author_id,
        "is_quote": post.is_quote,
        "quote_policy": post.quote_policy.value,
        "reply_policy": post.reply_policy.value,
        "repeats_id": post.repeats_id,
        "last_public_reply_id": post.id if post.begins else None,
        "source": post.source,
        "created_at": post.created_at,
        "edited_at": None,
        "revisions": [],
        "is_tombstone": False,
        "is_listed": post.is_listed,
        "replies_count": 0,
        "reposts_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "version": 1,
        "nonce": nonce,
        "fanout": fanout,
    }
    made: Document = dict(document)
    if post.poll is not None:
        made[POLL_DUE] = post.poll.expires_at
    if post.link_to_preview:
        made[PREVIEW_DUE] = post.created_at + SWEEP_AFTER
    return made


def content_of(post: Post) -> ContentDocument:
    """Return what an edit changes of a post."""
    return {
        "text": post.text,
        "links": [{"start": x.start, "end": x.end, "url": x.url} for x in post.links],
        "mentions": [
            {
                "start": x.start,
                "end": x.end,
                "user_id": x.user_id,
                "username": x.username,
            }
            for x in post.mentions
        ],
        "hashtags": [
            {"start": x.start, "end": x.end, "name": x.name} for x in post.hashtags
        ],
        "tags": list(post.tags),
        "warning": post.warning,
        "is_sensitive": post.is_sensitive,
        "media": [to_media(each) for each in post.media],
        "has_media": bool(post.media),
        "language": post.language,
        "said": digest_of(post),
    }


def to_poll(d: PollDocument) -> Poll:
    """Convert what a post carries to a poll."""
    return Poll(
        options=tuple(Option(x["title"], x["votes"]) for x in d["options"]),
        expires_at=d["expires_at"],
        is_multiple=d["is_multiple"],
        hides_totals=d["hides_totals"],
        voters=d["voters"],
        round=d["round"],
    )


def _poll_document(poll: Poll) -> PollDocument:
    return {
        "options": [{"title": x.title, "votes": x.votes} for x in poll.options],
        "expires_at": poll.expires_at,
        "is_multiple": poll.is_multiple,
        "hides_totals": poll.hides_totals,
        "voters": poll.voters,
        "round": poll.round,
    }


def change_of_poll(old: Poll | None, new: Poll | None) -> tuple[Document, Document]:
    """Return what an edit sets and unsets of a poll.

    Votes that are counted meanwhile stay, unless a new round begins.
    """
    if old == new:
        return {}, {}
    if new is None:
        return {"poll": None}, {POLL_DUE: 1}
    if old is None or old.round != new.round:
        return {"poll": _poll_document(new), POLL_DUE: new.expires_at}, {}
    changed: Document = {"poll.hides_totals": new.hides_totals}
    if old.expires_at != new.expires_at:
        # Without a new end, the old one is not notified a second time.
        changed |= {"poll.expires_at": new.expires_at, POLL_DUE: new.expires_at}
    return changed, {}


def revision_of(old: Post) -> RevisionDocument:
    """Return what is kept of a post when it is edited."""
    revision: RevisionDocument = {
        "text": old.text,
        "written_at": old.edited_at or old.created_at,
        "warning": old.warning,
        "is_sensitive": old.is_sensitive,
    }
    if old.poll is not None:
        revision["poll"] = list(old.poll.titles)
    if old.media:
        revision["media"] = [each.id for each in old.media]
    return revision


def to_revision(document: RevisionDocument) -> Revision:
    """Convert a stored earlier text to a revision."""
    return Revision(
        document["text"],
        document["written_at"],
        document.get("warning", ""),
        document.get("is_sensitive", False),
        tuple(document.get("poll", ())),
        tuple(document.get("media", ())),
    )
