"""Posts: what a person publishes, and how far its delivery has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.text import Link, Mention


class Visibility(StrEnum):
    """Who may see a post; the Mastodon API says `private` for `followers`."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"

    @property
    def is_open(self) -> bool:
        """Tell whether people without an account may see it."""
        return self in {Visibility.PUBLIC, Visibility.UNLISTED}


@dataclass(frozen=True, slots=True)
class Revision:
    """An earlier text of an edited post and when it was written."""

    text: str
    written_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as it is stored, without its delivery state.

    A tombstone keeps ids and links, but neither text nor entities.
    """

    id: PostId
    author_id: UserId
    text: str
    visibility: Visibility
    created_at: dt.datetime
    links: tuple[Link, ...] = ()
    mentions: tuple[Mention, ...] = ()
    in_reply_to_id: PostId | None = None
    in_reply_to_author_id: UserId | None = None
    root_id: PostId
    source: str = "web"
    language: str | None = None
    edited_at: dt.datetime | None = None
    is_tombstone: bool = False
    replies_count: int = 0
    version: int = 1

    @property
    def mentioned_ids(self) -> frozenset[UserId]:
        """The users whom the text names."""
        return frozenset(mention.user_id for mention in self.mentions)

    @property
    def is_listed(self) -> bool:
        """Tell whether it belongs to the public timeline (public, no reply)."""
        return (
            self.visibility is Visibility.PUBLIC
            and self.in_reply_to_id is None
            and not self.is_tombstone
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an author asks to publish."""

    text: str
    visibility: Visibility = Visibility.PUBLIC
    in_reply_to_id: PostId | None = None
    source: str = "web"
    language: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A post with its present text, and its earlier ones, oldest first."""

    post: Post
    revisions: tuple[Revision, ...] = field(default=())
