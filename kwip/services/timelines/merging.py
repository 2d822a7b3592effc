"""Merge other timelines into one while it is read: pull authors, followed hashtags.

None of their entries are stored in the timeline that they are merged into. Each is read
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

    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.timelines import Chunk, Entry
    from kwip.services.reading.loader import Kind, Loader

    Slices = Callable[..., Iterator[Entry]]

#: How many sources start with one round trip; their first slices are up to 8 kB each.
#: More of them cost more round trips; none is left out.
TOGETHER = 32


#: The single id of the entity with the pull authors.
EVERYBODY = UserId(0)
#: Pages that begin in the same 4.7 hours (2^24 ms) begin with the same slice of a pull
#: author. With each reader's own cursor, nobody would share slices.
GRAIN = 1 << 40


@dataclass(frozen=True, slots=True)
class MergeSource:
    """A timeline to merge into another one; `slices` reads it.

    Only its entries from `oldest` up to `newest` matter: the other timeline stores the
    rest itself, and no slice there is read. The first slice begins at a multiple of
    `grain`, at or before the page. `noted` collects the ids of the entries that come
    from it.
    """

    kind: Kind[Slice, Chunk]
    owner: UserId | str
    oldest: int = 0
    newest: int = MAX_ID
    grain: int = 1
    noted: set[int] | None = None

    def matters_to(self, page: PageRequest) -> bool:
        """Return whether any of these entries can be on a page."""
        return self.newest > page.lower and self.oldest < page.upper

    def clip(self, page: PageRequest) -> PageRequest:
        """Return the part of a page that this source is read for."""
        lower = max(page.lower, self.oldest - 1)
        # What lies above was passed before this source starts.
        upper = min(page.upper, self.newest + 1)
        max_id = None if upper >= MAX_ID else upper
        if page.min_id is None:
            return replace(page, max_id=max_id, since_id=lower)
        return replace(page, max_id=max_id, min_id=lower, since_id=None)

    def first(self, page: PageRequest) -> Slice:
        """Return the first slice for a page."""
        clipped = self.clip(page)
        if clipped.min_id is not None:
            start = clipped.min_id - clipped.min_id % self.grain
            return Slice(self.owner, start, is_upwards=True)
        start = clipped.upper + -clipped.upper % self.grain
        return Slice(self.owner, min(start, self.newest + 1, MAX_ID))

    def around(self, page: PageRequest) -> list[Slice]:
        """Return that slice, and the one above the page if anything of it is there."""
        above = page.above
        near = [self.first(above)] if above and self.matters_to(above) else []
        return [*near, self.first(page)]


class Merge:
    """Merge a timeline and extra sources in one order, each entry once.

    Newest first; oldest first if the page is read upwards from `min_id`. A source is
    started when the merge has come down to its newest entry, together with the next
    ones: so a page costs one more round trip, and one for each `TOGETHER` sources.
    Upwards any source may have the next entry, so all of them start first.
    """

    def __init__(
        self,
        extra_sources: Sequence[MergeSource],
        slices: Slices,
        loader: Loader,
        page: PageRequest,
    ):
        self._slices = slices
        self._loader = loader
        self._page = page
        self._is_upwards = page.min_id is not None
        wanted = [extra for extra in extra_sources if extra.matters_to(page)]
        self._waiting = deque(sorted(wanted, key=lambda s: s.newest, reverse=True))
        #: Each source's next entry; the number breaks ties.
        self._next: list[tuple[int, int, Entry, Iterator[Entry]]] = []
        self._number = 0

    def over(self, main: Iterator[Entry]) -> Iterator[Entry]:
        """Iterate `main` and the extra sources as far as the caller reads."""
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

    def _may_be_next(self, extra: MergeSource) -> bool:
        return (
            self._is_upwards
            or not self._next
            or extra.newest >= self._next[0][2].post_id
        )

    def _begin_some(self) -> None:
        """Start the next sources, with all their first slices in one round trip."""
        count = min(TOGETHER, len(self._waiting))
        begun = [self._waiting.popleft() for _ in range(count)]
        parts: dict[Kind[Slice, Chunk], list[Slice]] = {}
        for extra in begun:
            parts.setdefault(extra.kind, []).extend(extra.around(self._page))
        self._loader.load(*(Lookup(kind, slices) for kind, slices in parts.items()))
        for extra in begun:
            first, page = extra.first(self._page), extra.clip(self._page)
            source = self._slices(extra.kind, first, self._loader, page)
            self._begin(source if extra.noted is None else noted(source, extra.noted))

    def _begin(self, source: Iterator[Entry]) -> None:
        self._advance(source, self._number)
        self._number += 1

    def _advance(self, source: Iterator[Entry], number: int) -> None:
        entry = next(source, None)
        if entry is not None:
            order = entry.post_id if self._is_upwards else -entry.post_id
            heapq.heappush(self._next, (order, number, entry, source))


def noted(entries: Iterator[Entry], ids: set[int]) -> Iterator[Entry]:
    """Iterate entries, and collect their ids."""
    for entry in entries:
        ids.add(entry.post_id)
        yield entry
