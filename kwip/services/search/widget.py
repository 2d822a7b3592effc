"""Find public posts for other sites, and remember for a moment what was found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.timelines import Entry
from kwip.services.reading.loader import Kind, Lookup
from kwip.services.search.posts import PostSearch
from kwip.services.timelines.hydration import Hydration
from kwip.text.queries import parse_strictly
from kwip.text.terms import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader, Loaders
    from kwip.store.posting.search import SearchStore

#: How long a page's ids are kept: as long as a shared cache may keep the answer.
FOUND_TTL_S = 30
#: How many posts a search counts as in the rate limit: anybody may ask for any words,
#: so one that nobody has asked for lately costs its address four requests more.
SEARCH_WEIGHT = 400


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page of a search, by the words as they were entered."""

    text: str
    page: PageRequest


@dataclass(frozen=True, slots=True)
class _Found:
    """What a page of a search has, and where the next one begins."""

    entries: tuple[Entry, ...]
    next_max_id: int | None


class SearchWidget:
    """Search for anonymous readers, without authors who have left widgets.

    What was found is cached for `FOUND_TTL_S`: a new post may be missing for so long.
    Whether it still matches, and may be shown, is checked each time.
    """

    def __init__(
        self,
        entities: Entities,
        store: SearchStore,
        loaders: Loaders,
        clock: ClockMs,
        rules: Callable[[], DiscoveryRules],
    ):
        self._hydration = Hydration(entities, clock, rules, is_embedding=True)
        self._search = PostSearch(entities, self._hydration, store)
        self._loaders = loaders
        self._found = Kind(
            name="found",
            key=lambda asked: keys.found(_digest(asked)),
            encode=_encode,
            decode=_decode,
            load=self._load,
            ttl_s=FOUND_TTL_S,
            is_streamed=False,
            weight=SEARCH_WEIGHT,
        )

    def page(self, loader: Loader, text: str, page: PageRequest) -> Page[PostView]:
        """Find a page of public posts, newest first. Warm: 2 round trips.

        Cold: what `PostSearch.page` costs.

        Raises:
            InvalidError: The text is no query; says what to do.
        """
        query, asked = parse_strictly(text), _Asked(text, page)
        found = loader.load(Lookup(self._found, [asked]))[0][asked]
        views = self._hydration.posts(None, loader, found.entries)
        shown = (views[e.post_id] for e in found.entries if e.post_id in views)
        return Page(
            items=tuple(
                view
                for view in shown
                if query.matches(text_of(view.post))
                and view.author.is_indexable
                and not view.is_author_limited
            ),
            next_max_id=found.next_max_id,
        )

    def _load(self, asked: Sequence[_Asked]) -> dict[_Asked, _Found]:
        return {each: self._find(each) for each in asked}

    def _find(self, asked: _Asked) -> _Found:
        page = self._search.page(
            None, self._loaders.begin(), parse_strictly(asked.text), asked.page
        )
        entries = tuple(Entry.of(view.post) for view in page.items)
        return _Found(entries, page.next_max_id)


def _digest(asked: _Asked) -> str:
    named = f"{asked.page.limit} {asked.page.max_id} {asked.text}"
    return blake2b(named.encode(), digest_size=16).hexdigest()


def _encode(found: _Found) -> bytes:
    return json.dumps([found.next_max_id, found.entries]).encode()


def _decode(raw: bytes) -> _Found:
    next_max_id, entries = json.loads(raw)
    return _Found(tuple(Entry(*entry) for entry in entries), next_max_id)
