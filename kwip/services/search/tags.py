"""Find hashtags by the beginnings of their names, with their use in the last week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.administration.discovery_rules import Place
from kwip.domain.ids import first_id_at
from kwip.domain.timelines.tags import TagView, history_of, latest_days
from kwip.text.hashtags import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.tags import TagDay
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.posting.search import SearchStore, Use

#: Names that are compared for one search.
MAX_NAMES = 200


@dataclass(frozen=True, slots=True)
class TagSearch:
    """Hashtags of public posts."""

    hydration: Hydration
    store: SearchStore
    clock: ClockMs
    rules: Callable[[], DiscoveryRules]

    def find(
        self,
        viewer: Viewer | None,
        loader: Loader,
        text: str,
        *,
        limit: int,
        with_hidden: bool = False,
    ) -> list[TagView]:
        """Find hashtags: the exact one first, then the latest used. Three queries.

        Those whose posts have all been deleted are left out, and those that staff keep
        out of searches, unless it is `with_hidden`.
        """
        name = name_of(text.strip().lstrip("#\uff03"))
        if name is None:
            return []
        loader.bypass()
        names = self.store.tags_from(name, MAX_NAMES)
        if not with_hidden:
            rules = self.rules()
            names = [each for each in names if rules.tag_may(Place.SEARCH, each)]
        names.sort(key=lambda each: each != name)
        used = self.store.used_among(names[: 2 * limit]) if names else set()
        names = [each for each in names if each in used]
        return self._views(viewer, loader, names[:limit])

    def _views(
        self, viewer: Viewer | None, loader: Loader, names: Sequence[str]
    ) -> list[TagView]:
        if not names:
            return []
        followed = self.hydration.relations(viewer, loader).tags
        days_ms = latest_days(self.clock())
        uses = self.store.uses(names, first_id_at(days_ms[-1]) - 1)
        return [
            TagView(name, name in followed, use_of(name, uses, days_ms))
            for name in names
        ]


def use_of(
    name: str, uses: Sequence[Use], days_ms: Sequence[int]
) -> tuple[TagDay, ...]:
    """Count the uses of one hashtag among those of several."""
    mine = ((use.post_id, use.author_id) for use in uses if name in use.tags)
    return history_of(mine, days_ms)
