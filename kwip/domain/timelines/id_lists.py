"""Id lists: ordered ids that are no timeline, such as favourites or followers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.timelines.slices import NextToCursor, RowChunk
from kwip.domain.timelines.timelines import Entry

if TYPE_CHECKING:
    from kwip.domain.timelines.pages import PageRequest


class Row(NamedTuple):
    """One row of an id list; `cursor` orders it, newest (highest) first.

    `id` is a user's; or a post's, with its author, the author that it replies to, and
    the post that it quotes with its author.
    """

    cursor: int
    id: int
    author_id: int = 0
    reply_to_author_id: int = 0
    quote_of_id: int = 0
    quote_of_author_id: int = 0

    @property
    def entry(self) -> Entry:
        """The row of a post, ready to be hydrated."""
        return Entry(
            PostId(self.id),
            UserId(self.author_id),
            UserId(self.reply_to_author_id),
            quote_of_id=PostId(self.quote_of_id),
            quote_of_author_id=UserId(self.quote_of_author_id),
        )


IdListChunk = RowChunk[Row]


class Between(NamedTuple):
    """Which rows of an id list to read: between two cursors, exclusive.

    The `limit` newest of them, or the oldest if `ascending`.
    """

    above: int
    below: int
    limit: int
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class IdListSlice(NextToCursor):
    """A part of an id list: the rows next to a cursor, like `Slice` for a timeline.

    `owner_id` is the user or the post whose list it is, or a hashtag. `as_of` is for
    lists whose rows move: they are placed as they were when that id was the newest.
    """

    name: str
    owner_id: int | str
    cursor: int = MAX_ID
    is_upwards: bool = False
    as_of: int | None = None

    @classmethod
    def first(
        cls,
        name: str,
        owner_id: int | str,
        page: PageRequest,
        as_of: int | None = None,
    ) -> IdListSlice:
        """Return the slice that a page is first read from."""
        is_upwards = page.min_id is not None
        cursor = page.upper if page.min_id is None else page.min_id
        return cls(name, owner_id, cursor, is_upwards=is_upwards, as_of=as_of)

    @property
    def variant(self) -> str:
        """The field of the entity's hash that stores it."""
        then = "" if self.as_of is None else f":{self.as_of}"
        return self.place(".2") + then
