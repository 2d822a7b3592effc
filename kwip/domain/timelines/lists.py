"""Lists: timelines of some of the people that a user follows.

A list's timeline stores what a home stores, for the list's members. What it shows is
decided when reading, by `shows_list`; what an exclusive list removes from home, by
`Relations.exclusive`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import ListId, UserId
    from kwip.domain.social.relationships import Relations

#: Lists per user, and members per list: each is read as one value.
MAX_LISTS, MAX_MEMBERS = 100, 1_000
#: People who can be added or removed at once.
MEMBERS_AT_ONCE = 80
TITLE_MAX = 100


class RepliesPolicy(StrEnum):
    """Which replies to others a list shows; it always shows those to its owner."""

    NONE = "none"
    LIST = "list"
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """A list with its owner's settings. Nobody else can see it unless it is public."""

    id: ListId
    owner_id: UserId
    title: str
    replies_policy: RepliesPolicy = RepliesPolicy.LIST
    is_exclusive: bool = False
    is_public: bool = False
    members_count: int = 0

    @property
    def place(self) -> tuple[str, str, int]:
        """Its sort key among other lists: the title, ignoring case and accents."""
        title = self.title.casefold()
        letters = unicodedata.normalize("NFKD", title)
        plain = "".join(c for c in letters if not unicodedata.combining(c))
        return plain.casefold(), title, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Changes to a list; None leaves a setting unchanged."""

    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    is_exclusive: bool | None = None
    is_public: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with its members."""

    list: UserList
    member_ids: frozenset[UserId]

    def authors(self, relations: Relations) -> frozenset[UserId]:
        """Return whose posts it shows: the members that the owner follows."""
        return self.member_ids & relations.follows

    def addressees(self, relations: Relations) -> frozenset[UserId]:
        """Return the people to whom replies are shown, besides the owner."""
        if self.list.replies_policy is RepliesPolicy.FOLLOWED:
            return relations.follows
        if self.list.replies_policy is RepliesPolicy.LIST:
            return self.authors(relations)
        return frozenset()

    @property
    def public_addressees(self) -> frozenset[UserId]:
        """Return the people to whom replies are shown to everybody.

        The owner and members, if any: whom else the owner follows is not used.
        """
        if self.list.replies_policy is RepliesPolicy.NONE:
            return frozenset({self.list.owner_id})
        return self.member_ids | {self.list.owner_id}
