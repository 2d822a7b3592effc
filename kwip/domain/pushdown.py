"""What a query can tell of who may see what, where nearly all is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.posts import OPEN, Visibility

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.lists import Listing
    from kwip.domain.relationships import Relations


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushdown:
    """Which posts of a timeline a query leaves in; it may leave in too much.

    It is asked when thousands of entries in a row were hidden, and what it gives is
    filtered and hydrated like everything else.

    Attributes:
        authors: Only by these; empty for anybody.
        hidden: Nothing by these, and no reposts of theirs.
        tag: Only with this hashtag, by its folded name; empty for any.
        all_tags: Only with all of these, too.
        no_tags: Only without any of these.
        is_listed: Only what the public timeline has.
        viewer_id: Who reads; None where nobody is signed in.
        audience: Only what these may see, or what names the viewer; None for all.
        addressees: Answers only to these and to oneself; None for all.
        has_reposts: Whether reposts are wanted.
        has_repeats: Whether other people's repeats are wanted.
    """

    authors: frozenset[UserId] = frozenset()
    hidden: frozenset[UserId] = frozenset()
    tag: str = ""
    all_tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    is_listed: bool = False
    viewer_id: UserId | None = None
    audience: frozenset[Visibility] | None = None
    addressees: frozenset[UserId] | None = None
    has_reposts: bool = True
    has_repeats: bool = True


def hidden_by(relations: Relations) -> frozenset[UserId]:
    """Give whom a viewer's relations hide in timelines of many authors."""
    return relations.mutes | relations.blocks | relations.blocked_by


def of_home(viewer_id: UserId, relations: Relations) -> Pushdown:
    """Leave in what home shows, as `shows_home` says it of an entry."""
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
    """Leave in what a list shows, as `shows_list` says it of an entry."""
    owner_id, hidden = listing.list.owner_id, hidden_by(relations)
    return Pushdown(
        authors=listing.authors(relations) - hidden,
        hidden=hidden,
        viewer_id=owner_id,
        audience=OPEN | {Visibility.FOLLOWERS},
        addressees=listing.addressees(relations) | {owner_id},
    )


def of_user(
    viewer_id: UserId | None, relations: Relations, author_id: UserId
) -> Pushdown:
    """Leave in what a viewer may see of an author, as `may_see` says it of a post."""
    audience: frozenset[Visibility] | None = OPEN
    if viewer_id == author_id:
        audience = None
    elif author_id in relations.follows:
        audience = OPEN | {Visibility.FOLLOWERS}
    return Pushdown(
        authors=frozenset({author_id}), viewer_id=viewer_id, audience=audience
    )
