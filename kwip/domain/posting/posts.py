"""Posts: what a person publishes, and how far its delivery has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.ids import ms_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from kwip.domain.ids import AttachmentId, PostId, UserId
    from kwip.domain.media.attachments import Attachment, AttachmentChange
    from kwip.domain.media.link_previews import LinkPreview
    from kwip.domain.posting.polls import NewPoll, Poll
    from kwip.domain.text import Hashtag, Link, Mention


class Visibility(StrEnum):
    """Who may see a post; the Mastodon API calls `followers` `private`."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"

    @property
    def is_open(self) -> bool:
        """Return whether people without an account may see it."""
        return self in OPEN


class QuotePolicy(StrEnum):
    """Who may quote a post besides its author."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    NOBODY = "nobody"


class ReplyPolicy(StrEnum):
    """Who may reply in the conversation that a post begins, besides its author.

    Those whom the post mentions may always reply.
    """

    PUBLIC = "public"
    FOLLOWERS = "followers"
    MENTIONED = "mentioned"


#: What people without an account may see.
OPEN = frozenset({Visibility.PUBLIC, Visibility.UNLISTED})


@dataclass(frozen=True, slots=True)
class Revision:
    """An earlier text of an edited post, with its date, its poll and its media."""

    text: str
    written_at: dt.datetime
    warning: str = ""
    is_sensitive: bool = False
    poll_titles: tuple[str, ...] = ()
    media_ids: tuple[AttachmentId, ...] = ()


#: The source of kwips that came with an import.
IMPORTED = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as it is stored, without its delivery state.

    `warning` is shown before a text that is folded away; `is_sensitive` covers its
    `media`, which are in the order in which they are shown; if it `is_marked`, a
    moderator has decided that. A repost has no text of its own: it shows
    `repost_of_id`, which is never a repost itself, to the reposter's followers. A
    tombstone keeps ids and links, but neither text, entities, media nor poll.
    `repeats_id` is the post that it repeats (see `repeats`). In a post that
    begins a conversation `last_public_reply_id` is the newest public or unlisted reply,
    at first its own id; other posts have none.

    `reply_policy` is that of the conversation, which its first post decides.

    A quote shows `quote_of_id` below its text, as long as it `is_quote`: no longer once
    the quoted author has taken their post out of it. A repost names what its original
    quotes, so that both are read at once, and is no quote itself.
    """

    id: PostId
    author_id: UserId
    text: str
    visibility: Visibility
    created_at: dt.datetime
    links: tuple[Link, ...] = ()
    mentions: tuple[Mention, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()
    warning: str = ""
    is_sensitive: bool = False
    is_marked: bool = False
    media: tuple[Attachment, ...] = ()
    poll: Poll | None = None
    preview: LinkPreview | None = None
    in_reply_to_id: PostId | None = None
    in_reply_to_author_id: UserId | None = None
    root_id: PostId
    repost_of_id: PostId | None = None
    repost_of_author_id: UserId | None = None
    quote_of_id: PostId | None = None
    quote_of_author_id: UserId | None = None
    is_quote: bool = False
    quote_policy: QuotePolicy = QuotePolicy.PUBLIC
    reply_policy: ReplyPolicy = ReplyPolicy.PUBLIC
    repeats_id: PostId | None = None
    last_public_reply_id: PostId | None = None
    source: str = "web"
    language: str | None = None
    edited_at: dt.datetime | None = None
    is_tombstone: bool = False
    replies_count: int = 0
    reposts_count: int = 0
    favourites_count: int = 0
    quotes_count: int = 0
    version: int = 1

    @property
    def mentioned_ids(self) -> frozenset[UserId]:
        """The users mentioned in the text, or addressed by the reply."""
        return frozenset(mention.user_id for mention in self.mentions)

    @property
    def media_ids(self) -> frozenset[AttachmentId]:
        """The ids of its attachments."""
        return frozenset(each.id for each in self.media)

    def has_hashtag(self, name: str) -> bool:
        """Return whether the text has a hashtag, by its folded name."""
        return any(hashtag.name == name for hashtag in self.hashtags)

    @property
    def link_to_preview(self) -> str | None:
        """The link of which it shows a preview: its first, unless it has files."""
        return self.links[0].url if self.links and not self.media else None

    @property
    def awaits_preview(self) -> bool:
        """Whether it has a link whose preview is not there, or not yet."""
        return self.link_to_preview is not None and self.preview is None

    @property
    def counted_on_id(self) -> PostId | None:
        """The post whose counter it changes: its parent or the reposted post."""
        return self.in_reply_to_id or self.repost_of_id

    @property
    def begins(self) -> bool:
        """Return whether it begins a conversation: no reply, no repost."""
        return self.in_reply_to_id is None and self.repost_of_id is None

    @property
    def answered_at(self) -> dt.datetime | None:
        """When the newest public or unlisted reply to its conversation came, if any.

        A reply that has been deleted counts too.
        """
        last_id = self.last_public_reply_id
        return at(ms_of(last_id)) if last_id and last_id != self.id else None

    @property
    def is_listed(self) -> bool:
        """Return whether it belongs to the public timeline (public, no reply).

        Imported ones do not: their dates are what a file says, also a minute ago.
        """
        return (
            self.visibility is Visibility.PUBLIC
            and self.begins
            and not self.is_tombstone
            and self.source != IMPORTED
        )

    @property
    def tags(self) -> tuple[str, ...]:
        """The hashtags whose timelines it belongs to, if it is public; each once.

        Imported ones are in none.
        """
        is_public = self.visibility is Visibility.PUBLIC and not self.is_tombstone
        if not is_public or self.source == IMPORTED:
            return ()
        return tuple(dict.fromkeys(hashtag.name for hashtag in self.hashtags))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A new post as the author writes it.

    The claim of its idempotency key expires after a day, unless it `keeps_claim`. A
    reply addresses the users `to`, by name, as if its text mentioned them; only those
    count whom its parent is by or mentions. Who may quote it and reply to it is as the
    author's settings say, if None.
    """

    text: str
    visibility: Visibility = Visibility.PUBLIC
    in_reply_to_id: PostId | None = None
    source: str = "web"
    language: str | None = None
    warning: str = ""
    is_sensitive: bool = False
    attachment_ids: tuple[AttachmentId, ...] = ()
    poll: NewPoll | None = None
    quote_of_id: PostId | None = None
    quote_policy: QuotePolicy | None = None
    reply_policy: ReplyPolicy | None = None
    idempotency_key: str | None = None
    keeps_claim: bool = False
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of a post as the author writes it.

    `attachment_ids` are all that it has afterwards, in order; None leaves them as they
    are, and who may quote it too. `attachment_changes` are new words about some of
    them. `quote_of_id` is only checked: what a post quotes does not change. `poll`
    replaces its poll, and None removes it, unless it `keeps_poll`.
    """

    text: str
    warning: str = ""
    is_sensitive: bool = False
    attachment_ids: tuple[AttachmentId, ...] | None = None
    quote_of_id: PostId | None = None
    quote_policy: QuotePolicy | None = None
    reply_policy: ReplyPolicy | None = None
    attachment_changes: Mapping[AttachmentId, AttachmentChange] = field(
        default_factory=dict
    )
    poll: NewPoll | None = None
    keeps_poll: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A post with its current text, and the earlier ones, oldest first."""

    post: Post
    revisions: tuple[Revision, ...] = field(default=())

    def media_of(self, revision: Revision) -> tuple[Attachment, ...]:
        """Return the attachments of an earlier version that are still in the post.

        The files of the others are deleted.
        """
        still = {each.id: each for each in self.post.media}
        return tuple(still[i] for i in revision.media_ids if i in still)
