"""Read a timeline past thousands of hidden entries, with queries that skip them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.domain.ids import MAX_ID
from kwip.domain.timelines.timelines import AUTHORS_PER_QUERY, merge_newest
from kwip.services.reading.slices import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.pushdown import Pushdown
    from kwip.domain.timelines.timelines import Entry
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.posting.pushdown import PushdownStore

#: How many entries the first query asks for; each following one asks for twice as many.
FIRST_BATCH = 50

_PUSHDOWN = telemetry.TIMELINE_SOURCE.labels("pushdown")


@dataclass(frozen=True, slots=True)
class PushdownReader:
    """Entries that a viewer will most likely see."""

    store: PushdownStore
    hydration: Hydration

    def read(
        self, loader: Loader, page: PageRequest, last_id: int, where: Pushdown
    ) -> Iterator[Entry]:
        """Go on after `last_id` in a page's direction, within the page's bounds.

        One query per batch and `AUTHORS_PER_QUERY` authors. The next query leaves out
        authors that turn out to be suspended, or silenced and not `where.known`, so
        there are never many of them.
        """
        is_upwards = page.min_id is not None
        above = last_id if is_upwards else page.lower
        below = page.upper if is_upwards else last_id
        size = FIRST_BATCH
        _PUSHDOWN.inc()
        while above + 1 < below:
            loader.bypass()
            run = self._batch(where, above, below, size, is_upwards=is_upwards)
            yield from run
            if len(run) < size:
                return
            if is_upwards:
                above = run[-1].post_id
            else:
                below = run[-1].post_id
            size = min(size * 2, CHUNK)
            where = self._without_the_gone(loader, where, run)
            if where.authors and not where.authors - where.hidden:
                return

    def _batch(
        self, where: Pushdown, above: int, below: int, size: int, *, is_upwards: bool
    ) -> list[Entry]:
        authors = sorted(where.authors - where.hidden)
        parts = [
            self.store.entries(
                where,
                authors[i : i + AUTHORS_PER_QUERY],
                above=above,
                below=below,
                limit=size,
                ascending=is_upwards,
            )
            for i in range(0, len(authors) or 1, AUTHORS_PER_QUERY)
        ]
        run = merge_newest(parts, MAX_ID if is_upwards else size)
        return run[::-1][:size] if is_upwards else run

    def _without_the_gone(
        self, loader: Loader, where: Pushdown, run: list[Entry]
    ) -> Pushdown:
        people = {e.author_id for e in run} | {e.repost_of_author_id for e in run}
        gone = self.hydration.gone(loader, people - {0})
        if where.known is not None:
            silenced = self.hydration.silenced(loader, people - {0} - gone)
            gone |= silenced - where.known
        return replace(where, hidden=where.hidden | gone)
