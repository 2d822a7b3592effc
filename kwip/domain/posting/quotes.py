"""Quotes: a post that shows another one below its own text, and who may quote it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.posting.posts import OPEN, QuotePolicy

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post


class QuoteState(StrEnum):
    """What becomes of a quote for one viewer; the words are Mastodon's."""

    ACCEPTED = "accepted"
    REVOKED = "revoked"
    DELETED = "deleted"
    UNAUTHORIZED = "unauthorized"
    MUTED_ACCOUNT = "muted_account"


def may_quote(viewer_id: UserId | None, post: Post, *, is_follower: bool) -> bool:
    """Return whether somebody who may see a post may quote it.

    Authors may quote what they wrote. Others may only quote what everybody can see, and
    as far as its author allows.
    """
    if viewer_id is None or viewer_id == post.author_id:
        return viewer_id is not None
    policy = policy_of(post)
    return policy is QuotePolicy.PUBLIC or (
        policy is QuotePolicy.FOLLOWERS and is_follower
    )


def policy_of(post: Post) -> QuotePolicy:
    """Return who may quote a post: nobody else if not everybody can see it."""
    return post.quote_policy if post.visibility in OPEN else QuotePolicy.NOBODY
