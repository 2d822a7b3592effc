"""What a viewer's relationships filter out of timelines: muted authors and others.

Whether they may see a post at all is decided by `visibility.may_see`, after hydration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.lists import Listing
    from kwip.domain.timelines.timelines import Entry


def shows_author(relations: Relations, author_id: UserId) -> bool:
    """Return whether a timeline shows an author: not muted, and no block."""
    return author_id not in relations.mutes and not relations.has_block(author_id)


def may_notify(relations: Relations, actor_id: UserId) -> bool:
    """Return whether notifications by a user are shown: not hidden, and no block."""
    is_heard = actor_id not in relations.mutes or actor_id in relations.heard
    return is_heard and not relations.has_block(actor_id)


def is_limited(viewer_id: UserId | None, relations: Relations, user: User) -> bool:
    """Return whether a silence hides a user from a viewer.

    It hides them from everyone but themselves and their followers, wherever people are
    shown that nobody asked for: the public timeline, hashtags, search, trends,
    suggestions, the directory, replies in threads, and notifications. It does not hide
    their profile, their posts by address, or reposts and quotes of them.
    """
    is_known = user.id == viewer_id or user.id in relations.follows
    return user.is_silenced and not is_known


def known_to(viewer_id: UserId | None, relations: Relations) -> frozenset[UserId]:
    """Return the users that a viewer sees even if they are silenced."""
    own = () if viewer_id is None else (viewer_id,)
    return relations.follows.union(own)


def hidden_by(relations: Relations) -> frozenset[UserId]:
    """Return the authors that `shows_author` does not show, for many at once."""
    return relations.mutes | relations.blocks | relations.blocked_by


def shows_home(
    viewer_id: UserId,
    relations: Relations,
    entry: Entry,
    *,
    tagged: Container[int] = (),
) -> bool:
    """Return whether home shows an entry, as far as author and addressee decide it.

    Depends on the viewer's follows and exclusive lists, and on whom a reply is to.
    `tagged` has the ids of public posts with a hashtag that the viewer follows.
    """
    author, answers = entry.author_id, entry.reply_to_author_id
    if author == viewer_id:
        return True
    if entry.post_id in tagged and _shows_tagged(relations, entry):
        return True
    reposted = entry.repost_of_author_id
    return (
        author in relations.follows
        and author not in relations.exclusive
        and shows_author(relations, author)
        and (not reposted or _shows_repost(relations, author, reposted))
        and (answers in (0, viewer_id, author) or answers in relations.follows)
    )


def shows_list(listing: Listing, relations: Relations, entry: Entry) -> bool:
    """Return whether a list shows an entry to its owner, whose relations are given.

    Like `shows_home` for home; whether the owner may see the post at all is decided by
    `visibility.may_see`.
    """
    author, answers = entry.author_id, entry.reply_to_author_id
    reposted = entry.repost_of_author_id
    return (
        author in listing.member_ids
        and author in relations.follows
        and shows_author(relations, author)
        and (not reposted or _shows_repost(relations, author, reposted))
        and (
            answers in (0, listing.list.owner_id, author)
            or answers in listing.addressees(relations)
        )
    )


def shows_public_list(listing: Listing, entry: Entry) -> bool:
    """Return whether a public list shows an entry to everybody.

    It depends on nobody's relations, so it does not reveal whom the owner mutes or
    blocks.
    """
    author, answers = entry.author_id, entry.reply_to_author_id
    return author in listing.member_ids and (
        answers in (0, author) or answers in listing.public_addressees
    )


def _shows_repost(relations: Relations, author_id: UserId, of_id: UserId) -> bool:
    return author_id not in relations.no_reposts and shows_author(relations, of_id)


def _shows_tagged(relations: Relations, entry: Entry) -> bool:
    """Return whether home shows somebody's public post because of a followed hashtag.

    No posts by people whom exclusive lists keep out of home, and no replies to others;
    what home shows anyway is not affected.
    """
    author = entry.author_id
    return (
        author not in relations.exclusive
        and entry.reply_to_author_id in (0, author)
        and shows_author(relations, author)
    )
