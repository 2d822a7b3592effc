"""Timelines of several hashtags: any of some, all of others, none of a third set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.domain.timelines.filters import hidden_by, known_to
from kwip.domain.timelines.pushdown import Pushdown
from kwip.domain.timelines.tags import TagFilter
from kwip.services.timelines.hashtag_sources import merge_once
from kwip.services.timelines.merging import Merge, MergeSource
from kwip.services.timelines.paging import Pages, Run
from kwip.services.timelines.pushdown import PushdownReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.sources import Sources
    from kwip.services.timelines.timelines import Timelines
    from kwip.store.posting.pushdown import PushdownStore


class HashtagTimelines:
    """Merge the timelines of hashtags, and filter by the others."""

    def __init__(
        self,
        timelines: Timelines,
        entities: Entities,
        hydration: Hydration,
        sources: Sources,
        pushdown_store: PushdownStore,
    ):
        self._timelines = timelines
        self._entities = entities
        self._hydration = hydration
        self._sources = sources
        self._pages = Pages(hydration)
        self._pushdown_reader = PushdownReader(pushdown_store, hydration)

    def page(
        self,
        viewer: Viewer | None,
        loader: Loader,
        wanted: TagFilter,
        page: PageRequest,
    ) -> Page[PostView]:
        """Read the public posts that match. Warm: 3 round trips.

        In active order only the first of `any_of` counts.
        """
        if page.is_active or wanted == TagFilter(wanted.any_of[:1]):
            return self._timelines.tag(viewer, loader, wanted.any_of[0], page)
        relations = self._hydration.relations(viewer, loader)
        hidden = hidden_by(relations)
        viewer_id = None if viewer is None else viewer.id
        where = Pushdown(
            hidden=hidden,
            all_tags=wanted.all_of,
            no_tags=wanted.none_of,
            known=known_to(viewer_id, relations),
            viewer_id=viewer_id,
            has_repeats=not page.folds_repeats,
        )

        def queried(last_id: int) -> Iterator[Entry]:
            runs = [
                self._pushdown_reader.read(
                    loader, page, last_id, replace(where, tag=tag)
                )
                for tag in wanted.any_of
            ]
            return merge_once(runs, is_upwards=page.min_id is not None)

        sources = [MergeSource(self._entities.tags, tag) for tag in wanted.any_of]
        merge = Merge(sources, self._sources.slices, loader, page)
        run = Run(
            entries=merge.over(iter(())),
            above=iter(()),  # hashtag timelines have no reposts
            wants=lambda entry: entry.author_id not in hidden,
            shows=lambda view: wanted.shows(view.post) and not view.is_author_limited,
            queried=queried,
        )
        return self._pages.cut(viewer, loader, run, page)
