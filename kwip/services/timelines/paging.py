"""Cut pages out of timelines: hydrate in rounds, collapse, and never end too early."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.timelines.collapse import REACH, collapse, suspects
from kwip.domain.timelines.pages import cut_page
from kwip.services.reading.slices import CHUNK
from kwip.services.timelines.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration

#: How many rounds of hidden entries are read before a page may stay short.
MAX_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A timeline from where a page begins, in reading order.

    Attributes:
        entries: Everything within the page's bounds, before any filter.
        above: What lies above a page that begins below something, nearest first; empty
            where nothing collapses.
        wants: The timeline's rule for what an entry knows.
        shows: Its rule for what only a view knows.
        queried: Goes on after an entry, with queries that skip what is hidden.
    """

    entries: Iterator[Entry]
    above: Iterator[Entry]
    wants: Callable[[Entry], bool]
    shows: Callable[[PostView], bool]
    queried: Callable[[int], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of any timeline, for one viewer."""

    hydration: Hydration

    def cut(
        self, viewer: Viewer | None, loader: Loader, run: Run, page: PageRequest
    ) -> Page[PostView]:
        """Hydrate entries in growing rounds until the page and one more are there.

        The extra one shows whether there is a next page. After `MAX_ROUNDS`, or
        `MAX_LOOKED_AT` entries, shown or hidden, a page may stay short, but not empty:
        then queries read on until something is shown or nothing is left. So an empty
        page never has a next one. Queries know nothing of filters, so what these hide
        is folded then: otherwise one that hides everything would read everything. The
        page after such a one folds, too, rather than being empty.
        """
        is_upwards = page.min_id is not None
        walk, near = Walk(run.entries), Walk(run.above)
        ahead = _Ahead(
            filter(run.wants, walk), filter(run.wants, near), is_upwards=is_upwards
        )
        taken = self._take(viewer, loader, run, ahead, page)
        follows = page.filtering is not None and page.max_id is not None
        if (walk.is_cut or follows) and not taken.found and walk.last is not None:
            last_id = walk.last.post_id if walk.is_cut else page.upper
            rest = filter(run.wants, run.queried(last_id))
            ahead = _Ahead(rest, iter(()), is_upwards=is_upwards)
            if page.filtering is not None:
                folds = replace(page.filtering, only_folds=True)
                page = replace(page, filtering=folds)
            taken = self._take(viewer, loader, run, ahead, page)
        elif walk.is_cut and walk.last is not None:
            taken.goes_on_behind = walk.last.post_id
        return _page_of(taken, page)

    def _take(
        self,
        viewer: Viewer | None,
        loader: Loader,
        run: Run,
        ahead: _Ahead,
        page: PageRequest,
    ) -> _Taken:
        taken, wanted = _Taken([]), page.limit + 1
        views: dict[PostId, PostView] = {}
        is_exhausted, rounds = False, 0
        while not is_exhausted and len(taken.found) < wanted:
            if rounds >= MAX_ROUNDS and taken.found:
                return taken
            size = min((wanted - len(taken.found)) << rounds, CHUNK)
            batch, near = ahead.take(size)
            is_exhausted = len(batch) < size
            unknown = [e for e in suspects(batch, near) if e.post_id not in views]
            if batch:
                hydrated = self.hydration.posts(
                    viewer,
                    loader,
                    [*batch, *unknown],
                    with_parents=page.shows_parents,
                    filtering=page.filtering,
                )
                shown = {i: view for i, view in hydrated.items() if run.shows(view)}
                if page.folds_repeats:
                    taken.folded += _fold(shown, batch)
                views |= shown
                taken.goes_on_behind = batch[-1].post_id
            newest_first = batch[::-1] if ahead.is_upwards else batch
            kept = set(collapse([*near[::-1], *newest_first], views.keys()))
            taken.found += [views[e.post_id] for e in batch if e in kept]
            rounds += 1
        if is_exhausted:
            taken.goes_on_behind = None
        return taken


@dataclass(slots=True)
class _Taken:
    """What was found, and the entry after which there may be more."""

    found: list[PostView]
    goes_on_behind: int | None = None
    folded: list[PostId] = field(default_factory=list)


def _fold(shown: dict[PostId, PostView], batch: Sequence[Entry]) -> list[PostId]:
    """Remove repeats from what is shown; return which of a batch were removed."""
    repeats = {i for i, view in shown.items() if view.is_repeat}
    for post_id in repeats:
        del shown[post_id]
    return [e.post_id for e in batch if e.post_id in repeats]


class _Ahead:
    """Entries in reading order, a batch at a time, with those just above it."""

    def __init__(
        self, entries: Iterator[Entry], above: Iterator[Entry], *, is_upwards: bool
    ):
        self._entries = entries
        self._above = above
        self._near: list[Entry] | None = [] if is_upwards else None
        self.is_upwards = is_upwards

    def take(self, size: int) -> tuple[list[Entry], list[Entry]]:
        """Return the next entries, and the `REACH` above them, nearest first."""
        if self.is_upwards:  # what is above is read ahead
            near = self._near or []
            near += islice(self._entries, size + REACH - len(near))
            batch, self._near = near[:size], near[size:]
            return batch, self._near
        batch = list(islice(self._entries, size))
        above = self._near
        if above is None:
            above = list(islice(self._above, REACH)) if batch else []
        self._near = [*batch[::-1], *above][:REACH]
        return batch, above


def _page_of(taken: _Taken, page: PageRequest) -> Page[PostView]:
    is_upwards = page.min_id is not None
    found = [(view.post.id, view) for view in taken.found]
    # Upwards, the next page goes on from what is shown.
    cut = cut_page(found, page, None if is_upwards else taken.goes_on_behind)
    folded = taken.folded
    if len(found) > page.limit:  # more was read than the page shows
        last, _ = found[page.limit - 1]
        folded = [i for i in folded if (i < last if is_upwards else i > last)]
    newest = (*folded, *(view.post.id for view in cut.items[:1]))
    return replace(cut, folded=len(folded), newest_id=max(newest, default=None))
