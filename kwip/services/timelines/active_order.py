"""Timelines in active order: conversations, those with the latest reply first.

For public, hashtags and users this is an index. For homes and lists it is computed from
their newest `WINDOW` entries on each read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.ids import MAX_ID, PostId
from kwip.domain.timelines.active_order import WINDOW, ordered
from kwip.domain.timelines.id_lists import IdListSlice, Row
from kwip.services.reading.loader import Lookup
from kwip.services.timelines.id_lists import fill_page, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.id_lists import IdListChunk
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.posting.active_order import ActivityStore


#: How many conversations of an index are hydrated for one page.
MAX_HYDRATED = 400


@dataclass(frozen=True, slots=True)
class Conversations:
    """What a timeline shows of the conversations in an index.

    Attributes:
        id_list: Which index.
        owner: Whose part of it: a user, a hashtag, or 0.
        hidden: Authors whose conversations are left out.
        shows: The rule for what only a view knows.
    """

    id_list: str
    owner: int | str
    hidden: Container[UserId]
    shows: Callable[[PostView], bool]


#: What a window shows of its rows, which it has chosen before.
_ALL = Conversations("", 0, frozenset(), lambda _: True)


@dataclass(frozen=True, slots=True)
class ActiveOrder:
    """Pages of conversations for one viewer."""

    entities: Entities
    hydration: Hydration
    store: ActivityStore

    def first(
        self, id_list: str, owner: int | str, page: PageRequest
    ) -> Lookup[IdListSlice, IdListChunk]:
        """Return the first slice of an index for a page."""
        # The very first slice is read as of now.
        as_of = None if page.is_first else page.as_of
        part = IdListSlice.first(id_list, owner, page, as_of)
        return Lookup(self.entities.active, [part])

    def indexed(
        self,
        viewer: Viewer | None,
        loader: Loader,
        wanted: Conversations,
        page: PageRequest,
    ) -> Page[PostView]:
        """Read a timeline whose order is an index. Warm: 3 round trips.

        At most `MAX_HYDRATED` conversations are hydrated, one round trip per 200. If
        all of them are hidden, the page is empty but has a next one.
        """
        begin = self.first(wanted.id_list, wanted.owner, page)
        if page.is_first:
            rows = loader.load(begin)[0][begin.ids[0]].rows
            page = replace(page, as_of=rows[0].cursor if rows else None)
        source = rows_of(loader, begin, page, as_of=page.as_of)
        return self._fill(viewer, loader, source, page, wanted)

    def window(
        self,
        viewer: Viewer,
        loader: Loader,
        read: Callable[[PageRequest], Iterator[Entry]],
        wants: Callable[[Entry], bool],
        page: PageRequest,
    ) -> Page[PostView]:
        """Read the conversations among the newest entries of a home or list.

        `read` iterates its entries, `wants` is the rule for what it shows. Warm: two
        round trips for the entries and one for all the posts; and a query if some of
        them have moved since the reader began.
        """
        entries = list(islice(read(page.window), WINDOW + 1))
        window = entries[:WINDOW]
        begun = [e for e in window if _begins(e) and wants(e)]
        views = self.hydration.posts(viewer, loader, begun, filtering=page.filtering)
        shown = [views[e.post_id] for e in begun if e.post_id in views]
        rows = [_row_of(view) for view in shown if not view.is_author_limited]
        as_of = page.as_of
        if as_of is None:
            as_of = max([*(row.cursor for row in rows), *_newest(window)], default=0)
        rows = self._as_they_stood(loader, rows, as_of)
        rows = [r for r in ordered(rows) if page.lower < r.cursor < page.upper]
        source = iter(rows if page.min_id is None else rows[::-1])
        found = self._fill(viewer, loader, source, replace(page, as_of=as_of))
        if found.next_max_id is not None or len(entries) <= WINDOW:
            return found
        return replace(found, window_end=window[-1].post_id)

    def _as_they_stood(
        self, loader: Loader, rows: Sequence[Row], as_of: int
    ) -> list[Row]:
        moved = [row.id for row in rows if row.cursor > as_of]
        if not moved:
            return list(rows)
        loader.bypass()
        places = self.store.places(moved, as_of)
        return [
            row._replace(cursor=places.get(row.id, row.id))
            if row.cursor > as_of
            else row
            for row in rows
        ]

    def _fill(
        self,
        viewer: Viewer | None,
        loader: Loader,
        source: Iterator[Row],
        page: PageRequest,
        wanted: Conversations = _ALL,
    ) -> Page[PostView]:
        folded: list[int] = []

        def views_of(batch: list[Row]) -> list[tuple[Row, PostView]]:
            views = self.hydration.posts(
                viewer, loader, [r.entry for r in batch], filtering=page.filtering
            )
            found = [(r, views[PostId(r.id)]) for r in batch if r.id in views]
            found = [(row, view) for row, view in found if wanted.shows(view)]
            if not page.folds_repeats:
                return found
            folded.extend(row.cursor for row, view in found if view.is_repeat)
            return [(row, view) for row, view in found if not view.is_repeat]

        found = fill_page(
            source,
            page,
            views_of,
            wants=lambda row: row.author_id not in wanted.hidden,
            most=MAX_HYDRATED,
        )
        return replace(found, as_of=page.as_of, folded=_within(folded, found, page))


def _within(folded: Sequence[int], found: Page[PostView], page: PageRequest) -> int:
    """Count the repeats folded on a page; more was read than it shows."""
    if page.min_id is not None:
        end = MAX_ID if found.prev_min_id is None else found.prev_min_id
        return sum(place < end for place in folded)
    end = found.next_max_id or 0
    return sum(place > end for place in folded)


def _begins(entry: Entry) -> bool:
    return not entry.refers_to_id


def _row_of(view: PostView) -> Row:
    post = view.post
    return Row(
        *(post.last_public_reply_id or post.id, post.id, post.author_id),
        quote_of_id=post.quote_of_id or 0,
        quote_of_author_id=post.quote_of_author_id or 0,
    )


def _newest(entries: Sequence[Entry]) -> list[int]:
    return [entry.post_id for entry in entries[:1]]
