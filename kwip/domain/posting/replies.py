"""Who may reply, and what pages show of a reply that an app began with a name.

Mastodon's apps write whom a reply addresses at the start of its text. Our pages say it
above the reply, and their form adds no name: what people write there themselves stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kwip.domain.posting.posts import ReplyPolicy
from kwip.domain.posting.sources import API
from kwip.domain.text import Hashtag, Link, Mention

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post

T = TypeVar("T", Link, Mention, Hashtag)


def may_reply(viewer_id: UserId | None, root: Post, *, is_follower: bool) -> bool:
    """Return whether somebody may reply in the conversation that a post begins.

    `is_follower` says whether they follow its author.
    """
    if viewer_id is None or viewer_id == root.author_id:
        return viewer_id is not None
    if root.reply_policy is ReplyPolicy.PUBLIC or viewer_id in root.mentioned_ids:
        return True
    return root.reply_policy is ReplyPolicy.FOLLOWERS and is_follower


def reply_rule(
    viewer_id: UserId | None, post: Post, *, is_follower: bool
) -> bool | None:
    """Return whether somebody may reply to a post; None if its first post decides."""
    is_limited = post.reply_policy is not ReplyPolicy.PUBLIC
    if is_limited and viewer_id is not None and post.in_reply_to_id is not None:
        return None
    return may_reply(viewer_id, post, is_follower=is_follower)


def without_name(post: Post) -> Post:
    """Return a post without the name of its parent's author at the start of its text.

    A text that is nothing else stays as it is, and so do other names.
    """
    author_id = post.in_reply_to_author_id
    if author_id is None or post.source != API or not post.text.startswith("@"):
        return post
    ends = (m.end for m in post.mentions if m.start == 0 and m.user_id == author_id)
    end = max(ends, default=0)
    rest = post.text[end:].lstrip()
    at = len(post.text) - len(rest)
    if not end or not rest or at == end:
        return post
    return replace(
        post,
        text=rest,
        links=_moved(post.links, at),
        mentions=_moved(post.mentions, at),
        hashtags=_moved(post.hashtags, at),
    )


def _moved(entities: Iterable[T], by: int) -> tuple[T, ...]:
    """Return those that lie behind what is cut off, in their new places."""
    return tuple(
        replace(each, start=each.start - by, end=each.end - by)
        for each in entities
        if each.start >= by
    )
