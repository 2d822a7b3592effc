"""Merge other timelines into one while it is read: pull authors, followed hashtags.

Nothing of them is stored with the timeline that they are merged into. Each is read
by the slices that its own readers share, and only as far as a page goes.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.ids import MAX_ID, UserId
from kwip.services.reading import Want
from kwip.services.skeletons import Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.pages import PageRequest
    from kwip.domain.timelines import Chunk, Entry
    from kwip.services.reading import Kind, Reading

    Slices = Callable[..., Iterator[Entry]]

#: So many side sources are begun with one round trip; their first parts are up to
#: 8 kB each. More of them cost more round trips, none is left out.
TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Side:
    """A timeline to be merged into another one; `slices` reads it.

    Only its entries from `oldest` up to `newest` matter: where the other timeline has
    the rest by itself, no part of a side source that lies there is asked for.
    """

    kind: Kind[Slice, Chunk]
    owner: UserId | str
    oldest: int = 0
    newest: int = MAX_ID

    def matters_to(self, page: PageRequest) -> bool:
        """Tell whether any of these entries can be on a page, as far as it says."""
        return self.newest > page.lower and self.oldest < page.upper

    def clip(self, page: PageRequest) -> PageRequest:
        """Give the part of a page that this source is to be read for."""
        lower = max(page.lower, self.oldest - 1)
        # What lies above is no news: the merge has gone past it when this begins.
        upper = min(page.upper, self.newest + 1)
        max_id = None if upper >= MAX_ID else upper
        if page.min_id is None:
            return replace(page, max_id=max_id, since_id=lower)
        return replace(page, max_id=max_id, min_id=lower, since_id=None)


class Merge:
    """Entries of a timeline and of its side sources in one order, each once.

    Newest first; oldest first if the page is read upwards from `min_id`. A source is
    begun when the merge has come down to its newest entry, together with the next
    ones: so a page costs one more round trip, and one for each `TOGETHER` sources.
    Upwards any source may have the next entry, and all are begun first.
    """

    def __init__(
        self, sides: Sequence[Side], slices: Slices, reading: Reading, page: PageRequest
    ):
        self._slices = slices
        self._reading = reading
        self._page = page
        self._is_upwards = page.min_id is not None
        wanted = [side for side in sides if side.matters_to(page)]
        self._waiting = deque(sorted(wanted, key=lambda s: s.newest, reverse=True))
        #: Each source's next entry; the number decides between doubles.
        self._next: list[tuple[int, int, Entry, Iterator[Entry]]] = []
        self._number = 0

    def over(self, main: Iterator[Entry]) -> Iterator[Entry]:
        """Go through `main` and the side sources, as far as they are asked."""
        self._begin(main)
        last = None
        while True:
            while self._waiting and self._may_be_next(self._waiting[0]):
                self._begin_some()
            if not self._next:
                return
            _, number, entry, source = heapq.heappop(self._next)
            if entry.post_id != last:
                yield entry
            last = entry.post_id
            self._advance(source, number)

    def _may_be_next(self, side: Side) -> bool:
        return (
            self._is_upwards
            or not self._next
            or side.newest >= self._next[0][2].post_id
        )

    def _begin_some(self) -> None:
        """Begin the next sources, all their first parts in one round trip."""
        count = min(TOGETHER, len(self._waiting))
        begun = [self._waiting.popleft() for _ in range(count)]
        pages = [side.clip(self._page) for side in begun]
        first: dict[Kind[Slice, Chunk], list[Slice]] = {}
        for side, page in zip(begun, pages, strict=True):
            first.setdefault(side.kind, []).append(Slice.first(side.owner, page))
        self._reading.fetch(*(Want(kind, parts) for kind, parts in first.items()))
        for side, page in zip(begun, pages, strict=True):
            self._begin(self._slices(side.kind, side.owner, self._reading, page))

    def _begin(self, source: Iterator[Entry]) -> None:
        self._advance(source, self._number)
        self._number += 1

    def _advance(self, source: Iterator[Entry], number: int) -> None:
        entry = next(source, None)
        if entry is not None:
            order = entry.post_id if self._is_upwards else -entry.post_id
            heapq.heappush(self._next, (order, number, entry, source))
