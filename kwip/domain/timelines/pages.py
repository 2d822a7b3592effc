"""Pages: which part of a timeline is requested, and what is returned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from kwip.domain.ids import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.social.keyword_filters import Filtering

T = TypeVar("T")

#: Entries on one page: the maximum, and the default.
MAX_LIMIT, DEFAULT_LIMIT = 40, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which part of a timeline is requested.

    `max_id` selects entries below it, `since_id` the newest above it, `min_id` those
    directly above it (both newest first in the answer). Limits are 1 to `MAX_LIMIT`.
    `folds_repeats` leaves out what the author said before, `shows_parents` adds to
    replies what they reply to, and `filtering` says how the viewer's filters apply.

    If it `is_active`, the entries are conversations in the order of their last
    replies (see `activity`), the cursors are their places, and `as_of` says when the
    reader began.
    """

    limit: int = DEFAULT_LIMIT
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None
    folds_repeats: bool = False
    shows_parents: bool = False
    filtering: Filtering | None = None
    is_active: bool = False
    as_of: int | None = None

    @property
    def is_first(self) -> bool:
        """Return whether it begins with the newest entry."""
        return self.max_id is None and self.min_id is None

    @property
    def is_top(self) -> bool:
        """Return whether a few of the newest entries are enough to begin with."""
        is_short = self.limit <= DEFAULT_LIMIT or self.since_id is not None
        return self.is_first and is_short and not self.is_active

    @property
    def upper(self) -> int:
        """The id below which entries are requested."""
        return MAX_ID if self.max_id is None else self.max_id

    @property
    def above(self) -> PageRequest | None:
        """The page above one that begins below some entry, read upwards."""
        if self.max_id is None:
            return None
        return PageRequest(limit=MAX_LIMIT, min_id=self.max_id - 1)

    @property
    def window(self) -> PageRequest:
        """The newest entries at the time the reader of an active order began."""
        max_id = None if self.as_of is None else self.as_of + 1
        return PageRequest(limit=MAX_LIMIT, max_id=max_id)

    @property
    def lower(self) -> int:
        """The id above which entries are requested."""
        return max(self.since_id or 0, self.min_id or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some entries, newest first, and where the neighbouring pages begin.

    `next_max_id` is None on the last page; `prev_min_id` is None on an empty one.
    `folded` counts the repeats that were left out between them; in chronological order
    `newest_id` is the newest of both. In the active order the neighbouring pages begin
    at places `as_of` that time, and `window_end` is the id of the oldest entry that was
    ordered, if there are older ones.
    """

    items: tuple[T, ...]
    next_max_id: int | None = None
    prev_min_id: int | None = None
    folded: int = 0
    newest_id: int | None = None
    as_of: int | None = None
    window_end: int | None = None


def cut_page(
    found: Sequence[tuple[int, T]], page: PageRequest, behind: int | None
) -> Page[T]:
    """Make a page of what was found in reading order, each with its place.

    One more than the page shows means that there is a next page. If there is not one
    more because reading was cut short, the next page begins after `behind`.
    """
    shown = found[: page.limit]
    first, last = (shown[0][0], shown[-1][0]) if shown else (None, None)
    if len(found) > page.limit:
        behind = last
    items = tuple(item for _, item in shown)
    if page.min_id is None:
        return Page(items=items, next_max_id=behind, prev_min_id=first)
    return Page(items=items[::-1], next_max_id=first, prev_min_id=behind or last)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list: `limit` entries after `offset`."""

    limit: int
    offset: int

    def of(self, found: Sequence[T]) -> Sequence[T]:
        """Return this part of a list."""
        return found[self.offset : self.offset + self.limit]


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A cached page: its ETag, and the answer, packed by its maker.

    `content` is None if the client already has the page with this ETag.
    """

    etag: bytes
    content: bytes | None
