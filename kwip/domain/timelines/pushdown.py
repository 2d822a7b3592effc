"""Read rules as part of a query, for timelines where nearly everything is hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.ids import UserId
from kwip.domain.posting.posts import OPEN, Visibility
from kwip.domain.timelines.filters import hidden_by

if TYPE_CHECKING:
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.lists import Listing
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.views import PostView


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushdown:
    """Which posts of a timeline a query returns; it may return too many.

    It is used after thousands of hidden entries in a row, and its results are filtered
    and hydrated like all others.

    Attributes:
        authors: Only by these; empty for anybody.
        hidden: Nothing by these, and no reposts of theirs.
        tag: Only with this hashtag, by its folded name; empty for any.
        all_tags: Only with all of these, too.
        no_tags: Only without any of these.
        is_listed: Only what the public timeline has.
        known: Whose posts are wanted even if they are silenced; None for everybody's.
        viewer_id: Who reads; None if nobody is signed in.
        audience: Only what these may see, or what mentions the viewer; None for all.
        addressees: Only replies to these and to oneself; None for all.
        has_media: Only with attachments.
        has_reposts: Whether to include reposts.
        has_repeats: Whether to include other people's repeats.
    """

    authors: frozenset[UserId] = frozenset()
    hidden: frozenset[UserId] = frozenset()
    tag: str = ""
    all_tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    is_listed: bool = False
    known: frozenset[UserId] | None = None
    viewer_id: UserId | None = None
    audience: frozenset[Visibility] | None = None
    addressees: frozenset[UserId] | None = None
    has_media: bool = False
    has_reposts: bool = True
    has_repeats: bool = True


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which kinds of a user's posts are wanted besides original posts.

    Replies of users to themselves do not count as replies. Reposts have no attachments
    of their own.
    """

    replies: bool = True
    reposts: bool = True
    only_media: bool = False

    def has(self, entry: Entry) -> bool:
        """Return whether an entry is of a wanted kind."""
        is_reply = entry.reply_to_author_id not in (0, entry.author_id)
        return (self.replies or not is_reply) and (self.reposts or not entry.is_repost)

    def shows(self, view: PostView) -> bool:
        """Return whether a post has the attachments that are wanted."""
        return not self.only_media or bool(view.post.media)

    def where(self, where: Pushdown) -> Pushdown:
        """Add to a pushdown filter that other kinds are left out."""
        addressees = where.addressees if self.replies else frozenset[UserId]()
        return replace(
            where,
            addressees=addressees,
            has_reposts=self.reposts,
            has_media=self.only_media,
        )


ALL_KINDS = Kinds()


def of_home(viewer_id: UserId, relations: Relations) -> Pushdown:
    """Select what home shows, by the rules of `shows_home`."""
    hidden = hidden_by(relations)
    shown = relations.follows - relations.exclusive - hidden
    return Pushdown(
        authors=frozenset({viewer_id, *shown}),
        hidden=hidden,
        viewer_id=viewer_id,
        audience=OPEN | {Visibility.FOLLOWERS},
        addressees=relations.follows | {viewer_id},
    )


def of_list(listing: Listing, relations: Relations) -> Pushdown:
    """Select what a list shows, by the rules of `shows_list`."""
    owner_id, hidden = listing.list.owner_id, hidden_by(relations)
    return Pushdown(
        authors=listing.authors(relations) - hidden,
        hidden=hidden,
        viewer_id=owner_id,
        audience=OPEN | {Visibility.FOLLOWERS},
        addressees=listing.addressees(relations) | {owner_id},
    )


def of_public_list(listing: Listing) -> Pushdown:
    """Select what a public list shows, by the rules of `shows_public_list`."""
    return Pushdown(
        authors=listing.member_ids,
        audience=frozenset({Visibility.PUBLIC}),
        addressees=listing.public_addressees,
    )


def of_user(
    viewer_id: UserId | None, relations: Relations, author_id: UserId
) -> Pushdown:
    """Select an author's posts that a viewer may see, by the rules of `may_see`."""
    audience: frozenset[Visibility] | None = OPEN
    if viewer_id == author_id:
        audience = None
    elif author_id in relations.follows:
        audience = OPEN | {Visibility.FOLLOWERS}
    return Pushdown(
        authors=frozenset({author_id}), viewer_id=viewer_id, audience=audience
    )
