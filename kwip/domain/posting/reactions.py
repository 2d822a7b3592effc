"""Reactions: what a viewer does with a post, their own or somebody else's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.ids import PostId, UserId

Span = NewType("Span", int)

#: Posts whose ids differ only in these bits are in one span: 2^28 ms, 3.1 days. A
#: page of a busy timeline is in one or two of them.
_SPAN_BITS = 44


class Act(StrEnum):
    """What was done; the word is part of the document's name."""

    FAVOURITE = "favourite"
    BOOKMARK = "bookmark"
    REPOST = "repost"
    VOTE = "vote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One act. `seq` is an id made for it: its time, and its place in lists.

    `reply_to_author_id` is the author that the post `post_id` replies to, if any;
    `quote_of_id` and `quote_of_author_id` are of the post that it quotes.
    Of a vote, `ballot` is what was chosen (see `Poll.ballot`).
    """

    user_id: UserId
    act: Act
    post_id: PostId
    author_id: UserId
    reply_to_author_id: UserId | None
    seq: int
    quote_of_id: PostId | None = None
    quote_of_author_id: UserId | None = None
    ballot: int | None = None


@dataclass(frozen=True, slots=True)
class Reacted:
    """One viewer's reactions to the posts of one span, as sets of post ids.

    `ballots` are by post what they voted.
    """

    favourites: frozenset[PostId] = frozenset()
    bookmarks: frozenset[PostId] = frozenset()
    reposts: frozenset[PostId] = frozenset()
    ballots: Mapping[PostId, int] = field(default_factory=dict)


NO_REACTIONS = Reacted()


def span_of(post_id: PostId) -> Span:
    """Return the span of a post's id."""
    return Span(post_id >> _SPAN_BITS)


def bounds_of(span: Span) -> tuple[int, int]:
    """Return the lowest id of a span, and the lowest id above it."""
    return span << _SPAN_BITS, (span + 1) << _SPAN_BITS
