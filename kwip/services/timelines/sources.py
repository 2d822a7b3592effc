"""Where the entries of timelines come from, slice by slice, before any filter.

Home is read from what it stores, and below its floor by fan-in from the posts of the
followees, without a visible border; what is not stored is merged in from other sources.
Other timelines are slices of indexed queries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.domain.ids import MAX_ID
from kwip.domain.timelines.timelines import AUTHORS_PER_QUERY, Entry, merge_newest
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import CHUNK, Slice
from kwip.services.timelines.merging import EVERYBODY, GRAIN, Merge, MergeSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.ids import UserId
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.timelines import Chunk, Pulls
    from kwip.services.delivery.hibernation import HomeReads
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Kind, Loader
    from kwip.store.posting.posts import PostStore

_STORED = telemetry.TIMELINE_SOURCE.labels("stored")
_PULLED = telemetry.TIMELINE_SOURCE.labels("pulled")
_FAN_IN = telemetry.TIMELINE_SOURCE.labels("fan_in")


@dataclass(frozen=True, slots=True)
class Sources:
    """The entries of every timeline, as iterators that load more as they are read."""

    entities: Entities
    posts: PostStore
    home_reads: HomeReads

    def slices(
        self,
        kind: Kind[Slice, Chunk],
        first: Slice,
        loader: Loader,
        page: PageRequest,
    ) -> Iterator[Entry]:
        """Iterate a timeline's entries within the page's bounds, slice by slice.

        Newest first; upwards from `min_id` if given. The first slice may begin before
        the page does.
        """
        part = first
        while True:
            chunk = loader.load(Lookup(kind, [part]))[0][part]
            run = chunk.entries[::-1] if part.is_upwards else chunk.entries
            yield from (e for e in run if page.lower < e.post_id < page.upper)
            if chunk.ends or not run:
                return
            last = run[-1].post_id
            if last >= page.upper if part.is_upwards else last <= page.lower:
                return
            part = replace(part, cursor=run[-1].post_id)

    def stored(
        self,
        shown: Shown,
        loader: Loader,
        page: PageRequest,
        extra_sources: Sequence[MergeSource] = (),
    ) -> Iterator[Entry]:
        """Iterate a home or list with its pull authors merged in, each post once.

        Newest first; upwards from `min_id` if given. `extra_sources` are merged in the
        same way.
        """
        first = Slice.first_stored(shown.owner, page)
        chunks, everybody = loader.load(
            Lookup(shown.kind, [first]), Lookup(self.entities.pulls, [EVERYBODY])
        )
        floor, pulls = chunks[first].floor, everybody[EVERYBODY]
        if not isinstance(shown.owner, str):  # a list, which never hibernates
            self.home_reads.note(shown.owner, has_home=floor < MAX_ID)
        pulled = self._pulled(pulls, shown.authors, max(floor, pulls.floor))
        stored = self._stored(shown, loader, page, pulls.floor)
        _STORED.inc()
        if pulled:
            _PULLED.inc()
        sources = [*pulled, *extra_sources]
        return Merge(sources, self.slices, loader, page).over(stored)

    def _pulled(
        self, pulls: Pulls, authors: frozenset[UserId], floor: int
    ) -> list[MergeSource]:
        """Return the pull authors among some, for a timeline that is read from a floor.

        Includes authors who are pushed again: their pulled posts are stored nowhere
        else.
        """
        return [
            MergeSource(
                self.entities.user_timelines,
                author_id,
                floor,
                pulls.newest[author_id],
                GRAIN,
            )
            for author_id in authors & pulls.newest.keys()
        ]

    def _stored(
        self, shown: Shown, loader: Loader, page: PageRequest, floor: int
    ) -> Iterator[Entry]:
        """Iterate what a timeline stores, and by fan-in what lies below its floor.

        The floor may rise between two slices, so each slice's own floor counts; but
        never one lower than `floor` or an earlier slice's, such as that of a home that
        was just rebuilt.
        """
        part = Slice.first_stored(shown.owner, page)
        if part.is_upwards and part.cursor + 1 < floor:
            gap = _Gap(part.cursor, min(page.upper, floor), is_upwards=True)
            yield from self._fan_in(loader, shown, gap, page.limit)
            if page.upper <= floor:
                return
            part = replace(part, cursor=floor - 1)
        while True:
            found = loader.load(Lookup(shown.kind, [part]))[0][part]
            chunk = found.above(floor)
            floor = chunk.floor
            if part.is_upwards:
                below = min(page.upper, chunk.floor)
                gap = _Gap(part.cursor, below, is_upwards=True)
                yield from self._fan_in(loader, shown, gap, page.limit)
                yield from (e for e in chunk.entries[::-1] if e.post_id < page.upper)
            else:
                yield from (e for e in chunk.entries if e.post_id > page.lower)
                if chunk.ends:  # the fan-in ends at the page's lower bound
                    below = min(part.cursor, chunk.floor)
                    gap = _Gap(page.lower, below, is_upwards=False)
                    yield from self._fan_in(loader, shown, gap, page.limit)
            if chunk.ends or not chunk.entries:
                return
            last = chunk.entries[0 if part.is_upwards else -1].post_id
            if not page.lower < last < page.upper:
                return
            part = replace(part, cursor=last, is_top=False)

    def _fan_in(
        self, loader: Loader, shown: Shown, gap: _Gap, limit: int
    ) -> Iterator[Entry]:
        """Iterate the posts in a gap, by all authors that a timeline shows.

        One query per `AUTHORS_PER_QUERY` authors and batch: with more of them, MongoDB
        no longer merges by the index.
        """
        authors = sorted(shown.authors)
        above, below, size = gap.above, gap.below, 2 * (limit + 1)
        if above + 1 < below:
            _FAN_IN.inc()
        while above + 1 < below:
            loader.bypass()
            parts = [
                self.posts.entries_by(
                    authors[i : i + AUTHORS_PER_QUERY],
                    below=below,
                    above=above,
                    limit=size,
                    ascending=gap.is_upwards,
                )
                for i in range(0, len(authors), AUTHORS_PER_QUERY)
            ]
            run = merge_newest(parts, MAX_ID if gap.is_upwards else size)
            if gap.is_upwards:
                run = run[::-1][:size]
            yield from run
            if len(run) < size:
                return
            if gap.is_upwards:
                above = run[-1].post_id
            else:
                below = run[-1].post_id
            size = min(size * 2, CHUNK)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored timeline, as its slices name it, and whose posts it shows now."""

    kind: Kind[Slice, Chunk]
    owner: UserId | str
    authors: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class _Gap:
    """A range of ids that home does not store, and the order to read it in."""

    above: int
    below: int
    is_upwards: bool
