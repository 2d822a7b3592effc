"""Find posts by their words: candidates from the index, checked when hydrated.

The index may lag behind edits, and does not know who may see what: it only names
candidates. What is shown is what the viewer may see now and what matches now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.timelines.filters import hidden_by
from kwip.domain.timelines.id_lists import Between
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.search import Sought, owner_mark
from kwip.domain.timelines.timelines import Entry
from kwip.services.reading.lookups import find_user_ids
from kwip.services.timelines.id_lists import fill_page
from kwip.store.posting.search import LIBRARY
from kwip.text.terms import spoken_in, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.search import Hit, PostQuery
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.posting.search import SearchStore

#: How many candidates are hydrated for one page.
MAX_HYDRATED = 200
#: Candidates of one lookup: enough for a page even if some are hidden.
CHUNK = 60
#: How many sets of terms are compared to find the rarest; the others only filter.
MAX_PROBED = 8


@dataclass(frozen=True, slots=True)
class PostSearch:
    """Pages of posts that match a query, for one viewer."""

    entities: Entities
    hydration: Hydration
    store: SearchStore

    def page(
        self,
        viewer: Viewer | None,
        loader: Loader,
        query: PostQuery,
        page: PageRequest,
    ) -> Page[PostView]:
        """Find posts, newest first: public ones, and the viewer's own.

        One query of the index, or two with several words, and one round trip for up to
        `CHUNK` candidates; one query more where the page ends. It examines a bounded
        number of postings: if they hold too few posts that match, the page is short or
        empty, but has a next one. Nothing matches a query with mistakes.
        """
        authors = None if query.mistakes else self._authors(loader, query)
        if authors is None or (query.in_library and viewer is None):
            return Page(items=())
        query, author_id = authors
        relations = self.hydration.relations(viewer, loader)
        hidden = hidden_by(relations) - {author_id}
        loader.bypass()
        page = replace(
            page,
            max_id=min(page.upper, query.below),
            since_id=max(page.since_id or 0, query.above),
        )
        candidates = _Candidates(self.store, viewer, query, page)

        def views_of(batch: list[Hit]) -> list[tuple[Hit, PostView]]:
            entries = [_entry(hit) for hit in batch]
            filtering = page.filtering
            views = self.hydration.posts(viewer, loader, entries, filtering=filtering)
            return [
                (hit, views[hit.cursor])
                for hit in batch
                if hit.cursor in views
                and _shows(query, views[hit.cursor])
                and _matches(query, hit, views[hit.cursor])
            ]

        found = fill_page(
            iter(candidates),
            page,
            views_of,
            wants=lambda hit: hit.author_id not in hidden,
            most=MAX_HYDRATED,
        )
        return _goes_on(found, page, candidates.ends_at)

    def unknown(self, loader: Loader, query: PostQuery) -> set[str]:
        """Return the people whom a query names and who don't exist. One round trip."""
        names = {*query.excluded_authors, *filter(None, [query.author])}
        found = find_user_ids(self.entities, loader, names) if names else {}
        return names - found.keys()

    def _authors(
        self, loader: Loader, query: PostQuery
    ) -> tuple[PostQuery, UserId | None] | None:
        """Look up the people whom a query names; None if it finds nothing."""
        author, others = query.author, query.excluded_authors
        names = others if author is None else (author, *others)
        ids = find_user_ids(self.entities, loader, names) if names else {}
        query = query.not_by([ids[name] for name in others if name in ids])
        if author is None:
            return query, None
        author_id = ids.get(author)
        return None if author_id is None else (query.by(author_id), author_id)


class _Candidates:
    """What the index knows of a query, in the order of a page.

    Attributes:
        ends_at: The id of the last posting that was examined, if there are others.
    """

    def __init__(
        self,
        store: SearchStore,
        viewer: Viewer | None,
        query: PostQuery,
        page: PageRequest,
    ):
        self._store = store
        self._viewer = viewer
        self._query = query
        self._page = page
        self.ends_at: int | None = None

    def __iter__(self) -> Iterator[Hit]:
        read = self._library if self._query.in_library else self._indexed
        return read(self._between(self._page.lower, self._page.upper))

    def _between(self, above: int, below: int) -> Between:
        is_upwards = self._page.min_id is not None
        return Between(above, below, CHUNK, ascending=is_upwards)

    def _beyond(self, last: int) -> Between:
        """Return what lies beyond an id that was read."""
        if self._page.min_id is not None:
            return self._between(last, self._page.upper)
        return self._between(self._page.lower, last)

    def _indexed(self, wanted: Between) -> Iterator[Hit]:
        sets = [self._open_to_viewer(terms) for terms in self._query.required]
        excluded = self._open_to_viewer(self._query.excluded)
        walked = sets[0]
        if len(sets) > 1:
            probed = sorted(sets, key=_longest, reverse=True)[:MAX_PROBED]
            reaches = self._store.reaches(probed, wanted)
            walked = probed[_rarest(reaches, wanted)]
        others = tuple(each for each in sets if each != walked)
        sought = Sought(walked, others, excluded)
        while True:
            hits = self._store.hits(sought, wanted)
            yield from hits
            if len(hits) < CHUNK:
                break
            wanted = self._beyond(hits[-1].cursor)
        if len(sets) > 1 or excluded:
            self.ends_at = self._store.end(walked, wanted)

    def _library(self, wanted: Between) -> Iterator[Hit]:
        if self._viewer is None:
            return
        ids = self._store.library(self._viewer.id, wanted)
        if len(ids) == LIBRARY:
            self.ends_at = ids[-1]
        sought = Sought(frozenset(), self._query.required, self._query.excluded)
        hits = self._store.among(ids, sought)
        yield from sorted(hits, reverse=not wanted.ascending)

    def _open_to_viewer(self, terms: frozenset[str]) -> frozenset[str]:
        """Add the forms by which only the viewer can find their own posts."""
        if self._viewer is None:
            return terms
        mark = owner_mark(self._viewer.id)
        return terms | {mark + term for term in terms}


def _goes_on(
    found: Page[PostView], page: PageRequest, ends_at: int | None
) -> Page[PostView]:
    """Let a page go on where the index was left, if it was not read to its end."""
    if ends_at is None:
        return found
    if page.min_id is None:
        return replace(found, next_max_id=found.next_max_id or ends_at)
    is_full = len(found.items) == page.limit
    return found if is_full else replace(found, prev_min_id=ends_at)


def _longest(terms: frozenset[str]) -> int:
    return max(map(len, terms))


def _rarest(reaches: list[int | None], wanted: Between) -> int:
    """Return which set of terms reaches furthest in as many postings."""

    def reach(number: int) -> int:
        reached = reaches[number]
        if reached is None:
            return wanted.below - wanted.above
        if wanted.ascending:
            return reached - wanted.above
        return wanted.below - reached

    return max(range(len(reaches)), key=reach)


def _shows(query: PostQuery, view: PostView) -> bool:
    """Return whether neither a silence nor its author's choice hides a post.

    What the viewer wrote or keeps is always shown.
    """
    if query.in_library:
        return True
    may_be_found = view.author.is_indexable or view.is_own or query.with_silenced
    return may_be_found and (query.with_silenced or not view.is_author_limited)


def _matches(query: PostQuery, hit: Hit, view: PostView) -> bool:
    """Check what the index can't know: the order of words, and edits since."""
    if view.post.version != hit.version:
        return query.matches(text_of(view.post))
    has_phrases = query.phrases or query.excluded_phrases
    return not has_phrases or query.is_said_in(spoken_in(view.post))


def _entry(hit: Hit) -> Entry:
    return Entry(
        hit.cursor,
        hit.author_id,
        hit.reply_to_author_id,
        quote_of_id=hit.quote_of_id,
        quote_of_author_id=hit.quote_of_author_id,
    )
