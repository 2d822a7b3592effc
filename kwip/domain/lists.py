"""Lists: some of the people whom one follows, with a timeline of their own.

A list's timeline stores what a home stores, of the list's members. What it shows is
decided when reading, by `shows_list`, and what an exclusive list takes out of home by
`Relations.exclusive`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.timelines import shows_listed

if TYPE_CHECKING:
    from kwip.domain.ids import ListId, UserId
    from kwip.domain.relationships import Relations
    from kwip.domain.timelines import Entry

#: Lists that one user may have, and people that one of them may hold: both are read
#: as one value.
MAX_LISTS, MAX_MEMBERS = 100, 1_000
#: People who are added or taken out at once.
MEMBERS_AT_ONCE = 80
TITLE_MAX = 100


class RepliesPolicy(StrEnum):
    """Which answers to others a list shows; those to its owner always."""

    NONE = "none"
    LIST = "list"
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """A list as its owner made it. Nobody else can see it."""

    id: ListId
    owner_id: UserId
    title: str
    replies_policy: RepliesPolicy = RepliesPolicy.LIST
    is_exclusive: bool = False
    members_count: int = 0

    @property
    def place(self) -> tuple[str, str, int]:
        """Where it stands among others: by its title, whatever the case and accents."""
        title = self.title.casefold()
        letters = unicodedata.normalize("NFKD", title)
        plain = "".join(c for c in letters if not unicodedata.combining(c))
        return plain.casefold(), title, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What is changed about a list; None leaves it as it is."""

    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    is_exclusive: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list and who is in it: what its timeline is read by."""

    list: UserList
    member_ids: frozenset[UserId]

    def authors(self, relations: Relations) -> frozenset[UserId]:
        """Give whose posts it shows: members whom the owner follows now."""
        return self.member_ids & relations.follows

    def addressees(self, relations: Relations) -> frozenset[UserId]:
        """Give the others, beside the owner, to whom answers are shown."""
        if self.list.replies_policy is RepliesPolicy.FOLLOWED:
            return relations.follows
        if self.list.replies_policy is RepliesPolicy.LIST:
            return self.authors(relations)
        return frozenset()


def shows_list(listing: Listing, relations: Relations, entry: Entry) -> bool:
    """Tell whether a list shows an entry to its owner, whose relations are given.

    As `shows_home` says it of home: whether the owner may see the post at all is
    `visibility.may_see`.
    """
    author, answers = entry.author_id, entry.reply_to_id
    reposted = entry.repost_of_author_id
    return (
        author in listing.member_ids
        and author in relations.follows
        and shows_listed(relations, author)
        and (not reposted or shows_listed(relations, reposted))
        and (
            answers in (0, listing.list.owner_id, author)
            or answers in listing.addressees(relations)
        )
    )
