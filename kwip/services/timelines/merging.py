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
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.pages import PageRequest
    from kwip.domain.timelines import Chunk, Entry
    from kwip.services.reading.loader import Kind, Loader

    Slices = Callable[..., Iterator[Entry]]

#: So many side sources are begun with one round trip; their first parts are up to
#: 8 kB each. More of them cost more round trips, none is left out.
TOGETHER = 32


#: The one id of the entity that tells who is pulled.
EVERYBODY = UserId(0)
#: Pages that begin in the same 4.7 hours (2^24 ms) begin with the same part of a pull
#: author: each reader's own cursor would be a part that nobody shares.
GRAIN = 1 << 40


@dataclass(frozen=True, slots=True)
class MergeSource:
    """A timeline to be merged into another one; `slices` reads it.

    Only its entries from `oldest` up to `newest` matter: where the other timeline has
    the rest by itself, no part of a side source that lies there is asked for. A first
    part begins at a multiple of `grain`, at or before the page. `noted` gets the ids
    of the entries that come by it.
    """

    kind: Kind[Slice, Chunk]
    owner: UserId | str
    oldest: int = 0
    newest: int = MAX_ID
    grain: int = 1
    noted: set[int] | None = None

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

    def first(self, page: PageRequest) -> Slice:
        """Give the part with which the loader for a page begins."""
        clipped = self.clip(page)
        if clipped.min_id is not None:
            start = clipped.min_id - clipped.min_id % self.grain
            return Slice(self.owner, start, is_upwards=True)
        start = clipped.upper + -clipped.upper % self.grain
        return Slice(self.owner, min(start, self.newest + 1, MAX_ID))

    def around(self, page: PageRequest) -> list[Slice]:
        """Give that part, and the one above the page if anything of it is there."""
        above = page.above
        near = [self.first(above)] if above and self.matters_to(above) else []
        return [*near, self.first(page)]


class Merge:
    """Entries of a timeline and of its side sources in one order, each once.

    Newest first; oldest first if the page is read upwards from `min_id`. A source is
    begun when the merge has come down to its newest entry, together with the next
    ones: so a page costs one more round trip, and one for each `TOGETHER` sources.
    Upwards any source may have the next entry, and all are begun first.
    """

    def __init__(
        self,
        sides: Sequence[MergeSource],
        slices: Slices,
        loader: Loader,
        page: PageRequest,
    ):
        self._slices = slices
        self._loader = loader
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

    def _may_be_next(self, side: MergeSource) -> bool:
        return (
            self._is_upwards
            or not self._next
            or side.newest >= self._next[0][2].post_id
        )

    def _begin_some(self) -> None:
        """Begin the next sources, all their first parts in one round trip."""
        count = min(TOGETHER, len(self._waiting))
        begun = [self._waiting.popleft() for _ in range(count)]
        parts: dict[Kind[Slice, Chunk], list[Slice]] = {}
        for side in begun:
            parts.setdefault(side.kind, []).extend(side.around(self._page))
        self._loader.load(*(Lookup(kind, slices) for kind, slices in parts.items()))
        for side in begun:
            first, page = side.first(self._page), side.clip(self._page)
            source = self._slices(side.kind, first, self._loader, page)
            self._begin(source if side.noted is None else noted(source, side.noted))

    def _begin(self, source: Iterator[Entry]) -> None:
        self._advance(source, self._number)
        self._number += 1

    def _advance(self, source: Iterator[Entry], number: int) -> None:
        entry = next(source, None)
        if entry is not None:
            order = entry.post_id if self._is_upwards else -entry.post_id
            heapq.heappush(self._next, (order, number, entry, source))


def noted(entries: Iterator[Entry], ids: set[int]) -> Iterator[Entry]:
    """Go through entries, and add their ids as they come."""
    for entry in entries:
        ids.add(entry.post_id)
        yield entry
