"""Iterate entries that may be hidden, up to a limit per request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

#: How many entries are read for one page. Without it, a viewer who is blocked, or who
#: asks for a hashtag that an author never used, would read through everything at once.
MAX_LOOKED_AT = 2_000


class Walk(Generic[T]):
    """Entries one after the other, cut off when there are too many.

    `last` is the last one returned; `is_cut` says that there may be more.
    """

    def __init__(self, source: Iterator[T], most: int = MAX_LOOKED_AT):
        self._source = source
        self._left = most
        self.last: T | None = None
        self.is_cut = False

    def __iter__(self) -> Iterator[T]:
        """Go on from where the walk is."""
        for each in self._source:
            if not self._left:
                self.is_cut = True
                return
            self._left -= 1
            self.last = each
            yield each
