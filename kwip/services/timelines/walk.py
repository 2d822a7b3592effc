"""Walk through what may be hidden, so far and no further in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

#: So many entries are looked at for one page. Whoever is blocked, or asks for a
#: hashtag that an author never used, would be walked past everything at once.
MAX_LOOKED_AT = 2_000


class Walk(Generic[T]):
    """Entries one after the other, which end early when there are too many.

    `last` is the last one that was given, `is_cut` tells that there may be more.
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
